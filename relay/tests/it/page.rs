//! The page for people, as a real browser shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tigress_relay::{People, RelayConfig};
use tigress_servers::Browser;

use crate::common::{TestRelay, config, create_body, http_client, start_with, url_of};

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15";
const ANDROID: &str = "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 Mobile Safari/537.36";
const COMPUTER: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36";

/// A browser's window, and how it is used.
#[derive(Debug, Clone, Copy)]
struct View {
    width: u32,
    dark: bool,
    agent: &'static str,
    language: &'static str,
}

impl View {
    const fn new(width: u32, dark: bool, agent: &'static str, language: &'static str) -> Self {
        Self {
            width,
            dark,
            agent,
            language,
        }
    }
}

/// A session of WebDriver (W3C).
struct Window {
    client: reqwest::Client,
    session: String,
}

impl Window {
    async fn open(browser: &Browser) -> Self {
        let mut window = Self {
            client: http_client(),
            session: format!("{}/session", browser.url()),
        };
        let wanted = json!({
            "goog:chromeOptions": {"args": Browser::ARGUMENTS},
            "goog:loggingPrefs": {"performance": "ALL"},
        });
        let made = window.ask(
            Method::POST,
            "",
            json!({"capabilities": {"alwaysMatch": wanted}}),
        );
        let made = made.await;
        window.session = format!("{}/{}", window.session, made["sessionId"].as_str().unwrap());
        window
    }

    async fn ask(&self, method: Method, path: &str, values: Value) -> Value {
        let request = self
            .client
            .request(method, format!("{}{path}", self.session));
        let answer = request.body(values.to_string()).send().await.unwrap();
        let mut said: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(said["value"]["error"], Value::Null, "{path}: {said}");
        said["value"].take()
    }

    /// A command of Chromium's own.
    async fn tool(&self, name: &str, values: Value) -> Value {
        let command = json!({"cmd": name, "params": values});
        self.ask(Method::POST, "/goog/cdp/execute", command).await
    }

    async fn goto(&self, url: &str) {
        self.ask(Method::POST, "/url", json!({"url": url})).await;
    }

    async fn close(&self) {
        self.ask(Method::DELETE, "", json!({})).await;
    }

    async fn show(&self, url: &str, view: View) {
        let size = json!({"width": view.width, "height": 900, "deviceScaleFactor": 1, "mobile": view.width < 600});
        self.tool("Emulation.setDeviceMetricsOverride", size).await;
        let list = json!({"headers": {"Accept-Language": view.language}});
        self.tool("Network.enable", json!({})).await;
        self.tool("Network.setExtraHTTPHeaders", list).await;
        let agent = json!({"userAgent": view.agent});
        self.tool("Network.setUserAgentOverride", agent).await;
        let scheme = if view.dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.tool("Emulation.setEmulatedMedia", media).await;
        // The same address with another fragment would be the same document.
        self.goto("about:blank").await;
        self.goto(url).await;
    }

    /// What a script that is no part of the page sees.
    async fn see(&self, script: &str) -> Value {
        let script = json!({"script": script, "args": []});
        self.ask(Method::POST, "/execute/sync", script).await
    }

    /// What a screen reader says, as role and name, of all that has a name.
    async fn read_out(&self) -> Vec<(String, String)> {
        let tree = self.tool("Accessibility.getFullAXTree", json!({})).await;
        let text =
            |node: &Value, key: &str| node[key]["value"].as_str().unwrap_or_default().to_owned();
        let nodes = tree["nodes"].as_array().unwrap().iter();
        let seen = nodes.filter(|node| node["ignored"] == json!(false));
        seen.map(|node| (text(node, "role"), text(node, "name")))
            .collect()
    }

    async fn picture(&self, name: &str) {
        // For whoever wants to look: TIGRESS_PICTURES names a folder.
        if let Some(folder) = std::env::var_os("TIGRESS_PICTURES") {
            let file = std::path::Path::new(&folder).join(format!("{name}.png"));
            let picture = self.tool("Page.captureScreenshot", json!({})).await;
            let png = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
            std::fs::write(file, png).unwrap();
        }
    }
}

fn people() -> People {
    let some = |text: &str| Some(text.to_owned());
    People {
        operator: some("Example & Sons"),
        operator_url: some("https://example.org/relay"),
        app: some("Example Wallet"),
        app_ios: some("https://apps.example.org/ios"),
        app_android: some("https://apps.example.org/android"),
    }
}

async fn relay_of(people: People) -> TestRelay {
    start_with(RelayConfig { people, ..config() }).await
}

async fn offered(relay: &TestRelay, title: &str, description: &str) -> String {
    let mut body = create_body();
    body["displayInformation"]["title"] = json!(title);
    body["displayInformation"]["description"] = json!(description);
    url_of(&relay.create_from(&body).await)
}

/// The least contrast of any text with what is behind it (WCAG 2.2, §1.4.3).
const CONTRAST: &str = "
    const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).map(Number).map(channel); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (c != 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
    return Math.min(...[...document.querySelectorAll('h1,h2,p,a,time')].map(e => {
        const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => b - a);
        return (a + 0.05) / (b + 0.05);
    }));";
const WIDTHS: &str = "return [document.documentElement.scrollWidth, innerWidth];";

async fn fits_and_can_be_read(window: &Window, view: View) {
    let widths = window.see(WIDTHS).await;
    assert!(
        widths[0].as_u64() <= widths[1].as_u64(),
        "{view:?}: {widths}"
    );
    assert_eq!(widths[1], json!(view.width), "{view:?}");
    let contrast = window.see(CONTRAST).await.as_f64().unwrap();
    assert!(contrast >= 4.5, "{view:?}: {contrast}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_see_what_to_do_on_whatever_they_read_it() {
    let browser = tokio::task::block_in_place(Browser::start);
    let window = Window::open(&browser).await;
    let relay = relay_of(people()).await;
    let url = offered(&relay, "Hotel key", "Room 7").await;
    let secret = format!("{url}?v=a#c2VjcmV0");
    for (name, view, title, language, direction, first) in [
        (
            "iphone",
            View::new(320, false, IPHONE, "en"),
            "Open it in your wallet app",
            "en",
            "ltr",
            "ios",
        ),
        (
            "android",
            View::new(320, true, ANDROID, "de-AT,en;q=0.5"),
            "In der Wallet-App öffnen",
            "de",
            "ltr",
            "android",
        ),
        (
            "computer",
            View::new(1440, true, COMPUTER, "tlh"),
            "Open it on your phone",
            "en",
            "ltr",
            "ios",
        ),
        (
            "arabic",
            View::new(320, false, ANDROID, "ar"),
            "افتحه في تطبيق المحفظة",
            "ar",
            "rtl",
            "android",
        ),
        (
            "arabic-wide",
            View::new(1440, false, COMPUTER, "ar"),
            "افتحه على هاتفك",
            "ar",
            "rtl",
            "ios",
        ),
        (
            "ukrainian",
            View::new(320, true, IPHONE, "uk"),
            "Відкрийте у застосунку-гаманці",
            "uk",
            "ltr",
            "ios",
        ),
    ] {
        window.show(&secret, view).await;
        window.picture(name).await;
        fits_and_can_be_read(&window, view).await;
        let root = window
            .see("const r = document.documentElement; return [r.lang, r.dir];")
            .await;
        assert_eq!(root, json!([language, direction]), "{name}");
        let read = window.read_out().await;
        let of = |role: &str| -> Vec<&str> {
            let all = read.iter().filter(|(of, _)| of == role);
            all.map(|(_, name)| name.as_str()).collect()
        };
        assert_eq!(
            (of("main").len(), of("contentinfo").len()),
            (1, 1),
            "{name}: {read:?}"
        );
        let headings = of("heading");
        assert_eq!(headings.first(), Some(&title), "{name}");
        assert_eq!(
            headings.len(),
            2,
            "the sender's words have their own: {name}"
        );
        assert!(of("region").contains(&headings[1]), "{name}: {read:?}");
        let links = of("link");
        assert_eq!(links.len(), 3, "two shops and the operator: {name}");
        assert!(
            links.iter().all(|link| !link.is_empty()),
            "{name}: {links:?}"
        );
        let all = window.see("return [...document.querySelectorAll('a')].map(a => [a.getAttribute('href'), a.rel]);").await;
        let mut addresses = Vec::new();
        for link in all.as_array().unwrap() {
            addresses.push(link[0].as_str().unwrap().to_owned());
            assert_eq!(link[1], "noopener noreferrer");
        }
        assert_eq!(
            addresses[0],
            format!("https://apps.example.org/{first}"),
            "{name}"
        );
        assert!(
            !addresses.iter().any(|address| address.contains('#')),
            "{addresses:?}"
        );
    }
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_loads_nothing_runs_nothing_and_keeps_its_shape_whatever_the_sender_writes() {
    let browser = tokio::task::block_in_place(Browser::start);
    let window = Window::open(&browser).await;
    let relay = relay_of(People::default()).await;
    let flood = "W".repeat(4000);
    let emoji = "👩‍👩‍👧‍👦".repeat(100);
    for (title, description) in [
        (
            "</title><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">",
            "<style>main{display:none}</style><a href=https://evil.example>here</a>",
        ),
        (flood.as_str(), flood.as_str()),
        (
            "\u{202e}yek letoH\u{2066}",
            "\u{202e}\u{2067}العربية\u{200b}\u{200b}\u{feff}",
        ),
        (emoji.as_str(), "\n\n\n\n\n\n\n\n\n\n"),
        ("", ""),
    ] {
        let url = offered(&relay, title, description).await;
        for view in [
            View::new(320, false, ANDROID, "en"),
            View::new(1440, true, COMPUTER, "en"),
        ] {
            window.show(&url, view).await;
            fits_and_can_be_read(&window, view).await;
            let seen = window
                .see(
                    "
                const warned = document.querySelector('.beware').getBoundingClientRect();
                const quoted = document.querySelector('blockquote')?.getBoundingClientRect();
                return [document.querySelectorAll('script,img,iframe,a').length,
                        document.querySelectorAll('style').length,
                        document.querySelector('h1').textContent,
                        !quoted || warned.bottom <= quoted.top && quoted.height < 450];",
                )
                .await;
            let title = if view.agent == COMPUTER {
                "Open it on your phone"
            } else {
                "Open it in your wallet app"
            };
            assert_eq!(seen, json!([0, 1, title, true]), "{description}");
        }
    }
    let log = window
        .ask(Method::POST, "/se/log", json!({"type": "performance"}))
        .await;
    let mut asked = Vec::new();
    for entry in log.as_array().unwrap() {
        let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
        let message = &message["message"];
        if message["method"] == "Network.requestWillBeSent" {
            asked.push(
                message["params"]["request"]["url"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    assert!(asked.len() >= 10, "{asked:?}");
    // A browser asks for an icon by itself.
    let foreign = |url: &&String| {
        !url.contains("/v1/m/") && !url.ends_with("/favicon.ico") && !url.starts_with("data:")
    };
    assert_eq!(asked.iter().find(foreign), None);
    window.close().await;
}
