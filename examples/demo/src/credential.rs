//! A credential as wallets hold them: an SD-JWT VC (RFC 9901 with draft-ietf-oauth-sd-jwt-vc), issued when the demonstration
//! runs, under a key pair made then.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use sd_jwt_payload::{Hasher, JsonObject, JwsSigner, SdJwt, SdJwtBuilder, json};
use sha2::{Digest as _, Sha256};

use crate::Failure;

/// What the message says it is.
pub(crate) const FORMAT: &str = "dc+sd-jwt";

/// A hotel that issues room passes.
pub(crate) struct Issuer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

struct Sha256Hasher;

impl Hasher for Sha256Hasher {
    fn digest(&self, input: &[u8]) -> Vec<u8> {
        Sha256::digest(input).to_vec()
    }

    fn alg_name(&self) -> &'static str {
        "sha-256"
    }
}

#[async_trait]
impl JwsSigner for Issuer {
    type Error = serde_json::Error;

    async fn sign(&self, header: &JsonObject, claims: &JsonObject) -> Result<Vec<u8>, Self::Error> {
        let part = |object| serde_json::to_vec(object).map(|json| URL_SAFE_NO_PAD.encode(json));
        let signed = format!("{}.{}", part(header)?, part(claims)?);
        let signature = self
            .key
            .sign(&self.random, signed.as_bytes())
            .map_err(|_| serde::ser::Error::custom("no randomness"))?;
        let jws = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        Ok(jws.into_bytes())
    }
}

impl Issuer {
    /// With a fresh key pair.
    pub(crate) fn new() -> Result<Self, Failure> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
            .map_err(|_| failed("no key pair"))
            .and_then(|pkcs8| {
                EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
                    .map_err(|_| failed("no key pair"))
            })?;
        Ok(Self { key, random })
    }

    pub(crate) fn public_key(&self) -> Vec<u8> {
        self.key.public_key().as_ref().to_vec()
    }

    /// A room pass; name and room can be disclosed or not.
    pub(crate) async fn issue(&self, now: u64) -> Result<Vec<u8>, Failure> {
        let claims = json!({
            "iss": "https://hotel.example",
            "vct": "https://hotel.example/room-pass",
            "iat": now,
            "exp": now + 3 * 24 * 3600,
            "given_name": "Ada",
            "room": "303",
        });
        let pass = SdJwtBuilder::new_with_hasher(claims, Sha256Hasher)
            .and_then(|pass| pass.make_concealable("/given_name"))
            .and_then(|pass| pass.make_concealable("/room"))
            .map_err(|error| failed(&error.to_string()))?
            .header("typ", FORMAT);
        let pass = pass.finish(self, "ES256").await;
        let pass = pass.map_err(|error| failed(&error.to_string()))?;
        Ok(pass.presentation().into_bytes())
    }
}

/// What a wallet checks of a pass that it receives: the signature, and that every disclosure belongs to it. Gives
/// the room.
pub(crate) fn check(pass: &[u8], public_key: &[u8]) -> Result<String, Failure> {
    let text = std::str::from_utf8(pass).map_err(|_| failed("it is no text"))?;
    let jws = text.split('~').next().unwrap_or_default();
    let (signed, signature) = jws.rsplit_once('.').ok_or(failed("it is not signed"))?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| failed("the signature can't be read"))?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| failed("the signature does not hold"))?;
    let claims = SdJwt::parse(text)
        .and_then(|pass| pass.into_disclosed_object(&Sha256Hasher))
        .map_err(|error| failed(&error.to_string()))?;
    let room = claims.get("room").and_then(|room| room.as_str());
    room.map(str::to_owned).ok_or(failed("it is for no room"))
}

fn failed(what: &str) -> Failure {
    Failure::new("credential", format!("the room pass: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pass_that_was_altered_is_found_out() {
        let issuer = Issuer::new().ok().unwrap();
        let pass = issuer.issue(1_800_000_000).await.ok().unwrap();
        assert_eq!(
            check(&pass, &issuer.public_key()).ok().as_deref(),
            Some("303")
        );
        let mut altered = pass.clone();
        let at = altered.iter().position(|byte| *byte == b'.').unwrap() + 5;
        altered[at] ^= 1;
        assert!(check(&altered, &issuer.public_key()).is_err());
        assert!(check(&pass, &Issuer::new().ok().unwrap().public_key()).is_err());
    }
}
