//! What is kept of ACME: the account's key, the certificate with its key, and when something was tried. A file each,
//! written whole or not at all, for its user only.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Acme;

/// Others may write.
const WRITABLE: u32 = 0o022;
/// Others may do anything.
const OPEN: u32 = 0o077;

/// The folder of one relay.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    account: PathBuf,
    certificate: PathBuf,
    tries: PathBuf,
}

impl Cache {
    /// Makes the folder, and has it for itself until the file is dropped. Accounts are told apart by directory, certificates by names too.
    pub(super) fn open(acme: &Acme) -> Result<(Self, File), String> {
        let folder = acme.cache.clone();
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder);
        let only_ours = made.and_then(|()| check(&folder));
        only_ours.map_err(|error| told(&folder, &error))?;
        let lock = lock(&folder)?;
        let account = digest([acme.directory.as_str()]);
        let mut names: Vec<String> = acme.host_names().collect();
        names.sort_unstable();
        let all = names.iter().map(String::as_str);
        let certificate = digest(std::iter::once(acme.directory.as_str()).chain(all));
        let cache = Self {
            account: folder.join(format!("account-{account}.pem")),
            certificate: folder.join(format!("certificate-{certificate}.pem")),
            tries: folder.join(format!("tries-{certificate}")),
            folder,
        };
        Ok((cache, lock))
    }

    /// The account's key, if there is one. One that can't be read is somebody's matter: an account is not given up silently.
    pub(super) fn account(&self) -> Result<Option<PrivatePkcs8KeyDer<'static>>, String> {
        let Some(pem) = read(&self.account)? else {
            return Ok(None);
        };
        let key = PrivatePkcs8KeyDer::from_pem_slice(&pem);
        let key = key
            .ok()
            .filter(|key| instant_acme::Key::from_pkcs8_der(key.clone_key()).is_ok());
        key.map(Some).ok_or_else(|| {
            format!(
                "{}: the account's key is damaged; put the file back, or remove it for a new account",
                self.account.display()
            )
        })
    }

    pub(super) fn keep_account(&self, pem: &str) -> Result<(), String> {
        self.write(&self.account, pem.as_bytes())
    }

    /// Certificate and key, PEM.
    pub(super) fn certificate(&self) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        read(&self.certificate)
    }

    pub(super) fn keep_certificate(&self, pem: &[u8]) -> Result<(), String> {
        self.write(&self.certificate, pem)
    }

    /// Puts a certificate aside that is no good; where it is then.
    pub(super) fn put_aside(&self) -> PathBuf {
        let aside = self.certificate.with_extension("damaged");
        let _ = fs::rename(&self.certificate, &aside);
        aside
    }

    /// When something was tried. A file that can't be read holds nothing up.
    pub(super) fn tries(&self) -> Vec<u64> {
        let text = fs::read_to_string(&self.tries).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    pub(super) fn keep_tries(&self, tries: &[u64]) -> Result<(), String> {
        let text: String = tries.iter().map(|at| format!("{at}\n")).collect();
        self.write(&self.tries, text.as_bytes())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), String> {
        self.replace(path, bytes)
            .map_err(|error| told(path, &error))
    }

    /// On disk when this returns: what was there before, or all of it.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let new = path.with_extension("new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        File::open(&self.folder)?.sync_all()
    }
}

/// Where others may write, they could have put a key there.
fn check(folder: &Path) -> io::Result<()> {
    let found = folder.metadata()?;
    if ![0, rustix::process::geteuid().as_raw()].contains(&found.uid()) {
        return Err(io::Error::other("it belongs to another user"));
    }
    if found.mode() & WRITABLE != 0 {
        return Err(io::Error::other("others may write in it (chmod go-w)"));
    }
    Ok(())
}

/// Two relays would each have an account, and write over what the other has.
fn lock(folder: &Path) -> Result<File, String> {
    let path = folder.join("lock");
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path);
    let file = opened.map_err(|error| told(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!(
            "{} is in use by another relay: each has a folder of its own",
            folder.display()
        )),
        Err(TryLockError::Error(error)) => Err(told(&path, &error)),
    }
}

fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    match secret(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(told(path, &error)),
    }
}

/// For its user alone from now on, whatever its mode was.
fn secret(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut file = File::open(path)?;
    if file.metadata()?.mode() & OPEN != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
        tracing::warn!(
            file = %path.display(),
            "ACME: others could read this key; not any more, but whoever has can speak as this relay"
        );
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn told(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Short, for a file's name.
fn digest<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    let mut all = Sha256::new();
    for part in parts {
        all.update(part.as_bytes());
        all.update([0]);
    }
    all.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
