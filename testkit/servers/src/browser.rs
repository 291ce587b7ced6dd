//! A real browser without a window, driven by WebDriver (W3C). It needs `chromedriver` and the Chromium that it is for, and
//! ends with its value.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A WebDriver on a loopback port; a session with it is a browser.
pub struct Browser {
    process: Child,
    port: u16,
}

impl Browser {
    /// What Chromium is started with: no window, and no sandbox, which a container's root can't have.
    pub const ARGUMENTS: [&str; 3] = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"];

    /// Started and answering.
    #[must_use]
    pub fn start() -> Self {
        // Two that start at once may choose the same port; one of them ends then.
        let started = (0..5).find_map(|_| Self::try_start());
        started.expect("chromedriver does not say where it listens")
    }

    fn try_start() -> Option<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed (Debian: chromium-driver)");
        let said = BufReader::new(process.stdout.take().unwrap());
        let port = said.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        if port.is_none() {
            let _ = process.kill();
            let _ = process.wait();
        }
        Some(Self {
            process,
            port: port?,
        })
    }

    /// Where the WebDriver is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
