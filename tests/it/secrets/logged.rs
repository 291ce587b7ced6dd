//! What is logged, at the finest level.

use super::*;

/// Everything that was logged, through `tracing` and through `log`.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}\n", record.target(), record.args());
        self.0.lock().unwrap().extend(line.bytes());
    }

    fn flush(&self) {}
}

//= test protocol/3-secret
#[tokio::test(flavor = "multi_thread")]
async fn logs_at_the_finest_level_hold_no_secret_claim_or_content() {
    // A process has one logger.
    if !alone(logs_at_the_finest_level_hold_no_secret_claim_or_content) {
        return;
    }
    let written = Log::default();
    let writer = written.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    log::set_boxed_logger(Box::new(written.clone())).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let scene = Scene::new().await;
    let ((alice, at_alice), (bob, at_bob)) = (scene.device(), scene.device());
    let invitation = transfer(&alice, &bob).await;
    // What fails is logged as well.
    let gone = invitation.share_url.to_url();
    let error = scene
        .device()
        .0
        .accept_invitation(gone.as_str(), AcceptOptions::confirmed())
        .await;
    assert_eq!(error.unwrap_err().code(), "no_longer_there");

    let mut secrets = secrets_of(&invitation);
    let mailbox = invitation.share_url.mailbox.to_string();
    secrets.push(("mailbox's address", mailbox.into()));
    for one in [at_alice.log(), at_bob.log()].concat() {
        for (name, value) in one.request.headers {
            if [headers::DEVICE_CLAIM, headers::RECIPIENT_PROOF].contains(&name) {
                secrets.push((name, value.into()));
            }
        }
    }
    let log = written.0.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&log);
    assert!(
        text.contains("TRACE") && text.contains("CreateMailbox"),
        "{} bytes",
        log.len()
    );
    assert_no_leak("the log", &log, &secrets);
}
