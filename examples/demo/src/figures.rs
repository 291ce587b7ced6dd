//! `tigress demo --stats`: what a transfer costs, and the sizes that have a limit.

use std::time::Instant;

use async_trait::async_trait;
use tigress::invitation::RelayOrigin;
use tigress::secret::Secret;
use tigress::{AcceptOptions, Credential, Invitation, TransferEvent};
use tigress_gss::auth_credential::AuthCredential;
use tigress_gss::gss::{
    AcceptorCredential, InitiatorCredential, accept_sec_context, init_sec_context,
};
use tigress_gss::mechanism;
use tigress_parts::{cpu, embedded};
use tigress_primitives::entropy::Entropy;
use tigress_protocol::transfer::Refused;

use super::credential::{FORMAT, Issuer};
use super::wallet::{Action, App};
use super::{Parts, invite, now, say, token_of};
use crate::Failure;

/// The smallest of so many transfers counts.
const RUNS: usize = 10;
/// A host of 20 characters.
const HOST: &str = "https://relay.wallet.example";
/// With its length of four bytes, this fills a padded block.
const UNPADDED: usize = 1020;

/// What one transfer took.
#[derive(Clone, Copy)]
struct Cost {
    requests: u64,
    waits: u64,
    bytes: u64,
    milliseconds: f64,
    /// CPU of sender, receiver, relay.
    cpu: [f64; 3],
}

pub(super) async fn show(parts: &Parts, invitation: &Invitation) -> Result<(), Failure> {
    let pass = Issuer::new()?.issue(now()).await?;
    for (name, queued, limit) in [
        ("credential queued", true, 11),
        ("credential sent once established", false, 15),
    ] {
        let cost = cheapest(parts, &pass, queued).await?;
        let [sender, receiver, relay] = cost.cpu;
        say(
            "stats",
            &format!("{name} (min of {RUNS}, {} bytes):", pass.len()),
        );
        say(
            "",
            &format!(
                "  requests: {} (at most {limit}), and {} waiting reads that came back unchanged",
                cost.requests, cost.waits
            ),
        );
        say("", &format!("  bytes of bodies: {}", cost.bytes));
        say(
            "",
            &format!(
                "  CPU: sender {sender:.2} ms, receiver {receiver:.2} ms, relay {relay:.2} ms"
            ),
        );
        say("", &format!("  time: {:.2} ms", cost.milliseconds));
    }
    let mut url = invitation.share_url.clone();
    url.relay =
        RelayOrigin::parse(HOST).map_err(|error| Failure::new("internal", error.to_string()))?;
    let (url, token) = (url.to_url().len(), token_of(invitation)?.len());
    let overhead = wrap_overhead()?;
    say(
        "stats",
        &format!("share URL with a host of 20 characters: {url} characters (at most 128)"),
    );
    say("", &format!("token 1: {token} bytes (at most 576)"));
    say(
        "",
        &format!("wrap overhead beside padding: {overhead} bytes (at most 64)"),
    );
    Ok(())
}

/// The smallest of each figure.
async fn cheapest(parts: &Parts, pass: &[u8], queued: bool) -> Result<Cost, Failure> {
    let mut best = transfer(parts, pass, queued).await?;
    for _ in 1..RUNS {
        let cost = transfer(parts, pass, queued).await?;
        best.requests = best.requests.min(cost.requests);
        best.waits = best.waits.min(cost.waits);
        best.bytes = best.bytes.min(cost.bytes);
        best.milliseconds = best.milliseconds.min(cost.milliseconds);
        for (best, part) in best.cpu.iter_mut().zip(cost.cpu) {
            *best = best.min(part);
        }
    }
    Ok(best)
}

/// A transfer of one credential, nothing else.
async fn transfer(parts: &Parts, pass: &[u8], queued: bool) -> Result<Cost, Failure> {
    let (before, started) = (spent(parts), Instant::now());
    let credential = Credential::new(FORMAT, pass.to_vec());
    let (first, later) = match queued {
        true => (Some(credential), None),
        false => (None, Some(credential)),
    };
    let invitation = invite(&parts.sender, first).await?;
    let url = invitation.share_url.to_url();
    let client = parts.receiver.client.clone();
    let options = AcceptOptions::confirmed();
    let accepting = async move { client.accept_invitation(url.as_str(), options).await };
    let theirs = parts.receiver.run(accepting).await?;
    let (sent, received) = tokio::join!(
        parts.sender.carry(invitation.transfer, Plain { later }),
        parts.receiver.carry(theirs, Plain { later: None }),
    );
    sent.and(received)?;
    let after = spent(parts);
    Ok(Cost {
        requests: after.requests - before.requests,
        waits: after.waits - before.waits,
        bytes: after.bytes - before.bytes,
        milliseconds: started.elapsed().as_secs_f64() * 1000.0,
        cpu: std::array::from_fn(|part| after.cpu[part] - before.cpu[part]),
    })
}

/// All so far.
fn spent(parts: &Parts) -> Cost {
    let counts = [&parts.sender, &parts.receiver].map(|wallet| wallet.meter.counts());
    let names = [parts.sender.name, parts.receiver.name, embedded::PART];
    Cost {
        requests: counts.iter().map(|count| count.requests).sum(),
        waits: counts.iter().map(|count| count.waits).sum(),
        bytes: counts.iter().map(|count| count.sent + count.received).sum(),
        milliseconds: 0.0,
        cpu: names.map(|part| cpu::of_part(part).unwrap_or_default()),
    }
}

/// Sends what it has once established; is done with what it receives.
struct Plain {
    later: Option<Credential>,
}

#[async_trait]
impl App for Plain {
    async fn on(&mut self, event: &TransferEvent) -> Result<Option<Action>, Failure> {
        Ok(match event {
            TransferEvent::Established => self.later.take().map(Action::Send),
            TransferEvent::CredentialReceived { .. } => Some(Action::Done),
            _ => None,
        })
    }
}

/// A wrap token beside its data, where there is no padding.
fn wrap_overhead() -> Result<usize, Failure> {
    let failed =
        |error: tigress_gss::gss::Error| Failure::from(tigress::Error::from(Refused::from(error)));
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| Failure::new("internal", "no randomness"))?;
    let entropy = &mut Entropy::from_seed(&Secret::new(seed));
    let (secret, now) = (entropy.secret(), now());
    let mechanisms = mechanism::registry().mechanisms();
    let oid = mechanisms.into_iter().next();
    let oid = oid.ok_or(Failure::new("internal", "no mechanism"))?;
    let auth = AuthCredential::new(oid, now, now + 60, false, entropy);
    let initiator = InitiatorCredential::new(auth, secret.clone());
    let registry = mechanism::registry();
    let (mut context, token) =
        init_sec_context(registry, &initiator, None, None, now, entropy).map_err(failed)?;
    let acceptor = AcceptorCredential::new(secret);
    let unused = |_: &tigress_gss::auth_credential::CredentialId| false;
    let accepted = accept_sec_context(registry, &acceptor, None, &token, &unused, now, entropy)
        .map_err(failed)?;
    context
        .continue_with(&accepted.token, now, entropy)
        .map_err(failed)?;
    let data = [0; UNPADDED];
    let wrapped = context.wrap(true, 0, &data, now, entropy).map_err(failed)?;
    Ok(wrapped.len() - data.len())
}
