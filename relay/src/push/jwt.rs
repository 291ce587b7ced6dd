//! Signed claims (JWS compact form, RFC 7515; JWT, RFC 7519), as the services want them of whoever sends.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;
use zeroize::Zeroizing;

use super::client::PushError;

/// RFC 7518, section 3.1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Es256,
    Rs256,
}

/// A private key. It is parsed again for each signature, of which there are few: a parsed one can't be wiped.
pub(super) struct SigningKey {
    algorithm: Algorithm,
    der: Zeroizing<PrivatePkcs8KeyDer<'static>>,
}

impl SigningKey {
    /// Takes PKCS #8 in PEM; a key that can't sign is refused at once.
    pub(super) fn from_pem(pem: &[u8], algorithm: Algorithm) -> Result<Self, PushError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem);
        let der = der.map_err(|_| PushError("the key is no PKCS #8 in PEM"))?;
        let key = Self {
            algorithm,
            der: Zeroizing::new(der),
        };
        key.signature(b"").map(|_| key)
    }

    /// A token with this header, to which the algorithm is added, and these claims.
    pub(super) fn sign(&self, mut header: Value, claims: &Value) -> Result<String, PushError> {
        header["alg"] = Value::from(match self.algorithm {
            Algorithm::Es256 => "ES256",
            Algorithm::Rs256 => "RS256",
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut token = format!("{}.{}", part(&header), part(claims));
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, PushError> {
        let (random, der) = (SystemRandom::new(), self.der.secret_pkcs8_der());
        match self.algorithm {
            Algorithm::Es256 => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random)
                    .map_err(|_| PushError("the key is none of the curve P-256"))?;
                let signature = key.sign(&random, message);
                signature.map(|signature| signature.as_ref().to_vec())
            }
            Algorithm::Rs256 => {
                let key = RsaKeyPair::from_pkcs8(der)
                    .map_err(|_| PushError("the key is none of RSA, from 2048 bits"))?;
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map(|()| signature)
            }
        }
        .map_err(|_| PushError("nothing can be signed"))
    }
}
