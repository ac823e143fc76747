//! Fetches secrets that are not in the configuration: systemd credentials, files, variables.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::in_words;
use crate::model::Secret;
use crate::reconcile::SecretRef;

/// More than any password or PIN; a file that is larger was named by mistake.
const MAX_BYTES: u64 = 4096;

/// Why there is no secret. Never says what was read.
#[derive(Debug, thiserror::Error)]
enum SecretError {
    #[error("systemd passed no credentials to this process")]
    NoCredentials,
    #[error("\"{0}\" is no name of a credential")]
    Name(String),
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is empty", path.display())]
    Empty { path: PathBuf },
    #[error("the variable {0} is not set")]
    Unset(String),
}

/// Fetches a secret.
///
/// # Errors
/// It is not there or cannot be read; in words.
pub fn fetch(reference: &SecretRef) -> Result<Secret, String> {
    let fetched = match reference {
        SecretRef::Credential(name) => credential(name),
        SecretRef::File(path) => first_line(Path::new(path)),
        SecretRef::Variable(name) => std::env::var(name).map_err(|_| SecretError::Unset(name.clone())),
    };
    fetched.map(Secret::new).map_err(|error| in_words(&error))
}

fn credential(name: &str) -> Result<String, SecretError> {
    if name.contains('/') || name.starts_with('.') {
        return Err(SecretError::Name(name.to_owned()));
    }
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or(SecretError::NoCredentials)?;
    first_line(&Path::new(&directory).join(name))
}

fn first_line(path: &Path) -> Result<String, SecretError> {
    let failed = |source| SecretError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("not a file")));
    }
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(failed)?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(SecretError::Empty { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_file_is_the_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let reference = SecretRef::File(path.display().to_string());
        assert!(fetch(&reference).unwrap_err().starts_with("cannot read /"));
        std::fs::write(&path, "1234\nnot this").unwrap();
        assert_eq!(fetch(&reference).unwrap().reveal(), "1234");
        std::fs::write(&path, "\n").unwrap();
        assert!(fetch(&reference).unwrap_err().ends_with("is empty"));
        assert!(fetch(&SecretRef::File("/".into())).is_err());
    }

    #[test]
    fn a_credential_is_a_name_and_no_path() {
        for name in ["../etc/shadow", "a/b", ".hidden"] {
            assert!(fetch(&SecretRef::Credential(name.into())).unwrap_err().contains("no name"));
        }
    }

    #[test]
    fn a_variable_that_is_not_set_is_said() {
        let error = fetch(&SecretRef::Variable("WWAN_NO_SUCH_VARIABLE".into())).unwrap_err();
        assert_eq!(error, "the variable WWAN_NO_SUCH_VARIABLE is not set");
    }
}
