//! The certificates that the probe trusts.

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls;

use super::verify::Verify;
use crate::state::permissions;

/// The largest file: four times what a system trusts.
const LARGEST: u64 = 1024 * 1024;

/// What changes when a file, or its mode, changes: its ctime, size and inode.
pub(crate) type Stamp = (i64, i64, u64, u64);

/// None: no file of its own.
pub(crate) fn stamp(verify: &Verify) -> Result<Option<Stamp>, String> {
    let Verify::File(path) = verify else {
        return Ok(None);
    };
    let found = fs::metadata(path).map_err(|error| at(path, &crate::text::plain(&error)))?;
    Ok(Some((
        found.ctime(),
        found.ctime_nsec(),
        found.size(),
        found.ino(),
    )))
}

/// The certificates; at least one.
pub(crate) fn read(verify: &Verify) -> Result<Vec<CertificateDer<'static>>, String> {
    match verify {
        Verify::Nothing => Ok(Vec::new()),
        Verify::File(path) => of_file(path),
        Verify::System => match rustls_native_certs::load_native_certs().certs {
            none if none.is_empty() => Err(
                "the system has no CA certificates: install ca-certificates, or name `ca`"
                    .to_owned(),
            ),
            some => Ok(some),
        },
    }
}

impl Verify {
    /// Whether its certificates can be read, here and now.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Verify::Nothing => Ok(()),
            Verify::System | Verify::File(_) => read(self).map(drop),
        }
    }
}

fn of_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut text = Vec::new();
    let read = permissions::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut text));
    let size = read.map_err(|error| at(path, &crate::text::plain(&error)))?;
    if size as u64 == LARGEST {
        return Err(at(path, "too large: the limit is 1 MiB"));
    }
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let certificates = read.map_err(|error| at(path, &format!("not PEM: {error}")))?;
    let parsable = |one: &CertificateDer<'_>| {
        let mut store = rustls::RootCertStore::empty();
        store.add(one.clone().into_owned()).is_ok()
    };
    match certificates.iter().any(parsable) {
        true => Ok(certificates),
        false => Err(at(path, "no certificate in it (PEM, BEGIN CERTIFICATE)")),
    }
}

fn at(path: &Path, what: &str) -> String {
    let shown = path.display().to_string();
    match what.starts_with(&shown) {
        true => what.to_owned(),
        false => format!("{shown}: {what}"),
    }
}
