//! What is received: where it is put, what is kept until there is a place, what goes back.

use std::path::PathBuf;

use tigress::{Credential, Error, TerminateReason, TransferRole};

use super::Session;
use crate::exit::Failure;
use crate::output::{self, Event};
use crate::state::{Content, Kept};
use crate::{files, options};

impl Session {
    pub(super) async fn received(
        &mut self,
        credential: &Credential,
        index: u64,
    ) -> Result<(), Failure> {
        let out = self.deliver(&credential.format, &credential.content, index)?;
        self.event(&Event::CredentialReceived {
            index,
            format: credential.format.clone(),
            bytes: credential.content.len(),
            out,
        });
        if self.role == TransferRole::Receiver && self.leaving.is_none() {
            self.answer().await?;
        }
        Ok(())
    }

    /// Writes what was kept while there was no place for it.
    pub(crate) fn deliver_kept(&mut self) -> Result<(), Failure> {
        if self.notes.out.is_none() && !self.to_stdout {
            return Ok(());
        }
        for kept in std::mem::take(&mut self.notes.kept) {
            let out = self.deliver(&kept.format, &kept.content.0, kept.index)?;
            self.event(&Event::CredentialReceived {
                index: kept.index,
                format: kept.format,
                bytes: kept.content.0.len(),
                out,
            });
        }
        self.save_notes()
    }

    /// Whether what was received is where this command puts it, or kept.
    pub(super) fn has_it(&self) -> Result<bool, Failure> {
        if !self.notes.delivered.is_empty() {
            return Ok(true);
        }
        let file = match self.to_stdout {
            true => None,
            false => self.path_of(0)?,
        };
        if let Some(file) = file {
            return Ok(file.exists());
        }
        let notes = self.state.notes(self.id)?;
        Ok(notes.is_some_and(|notes| !notes.kept.is_empty()))
    }

    /// Puts what was received where the user wants it, before it is acknowledged: a file, else the notes.
    fn deliver(
        &mut self,
        format: &str,
        content: &[u8],
        index: u64,
    ) -> Result<Option<PathBuf>, Failure> {
        if self.to_stdout {
            output::content(content)?;
            self.notes.delivered.insert(index);
            return Ok(Some("-".into()));
        }
        let Some(path) = self.path_of(index)? else {
            if self.notes.kept.iter().all(|kept| kept.index != index) {
                self.notes.kept.push(Kept {
                    index,
                    format: format.to_owned(),
                    content: Content(content.to_vec().into()),
                });
                self.save_notes()?;
            }
            return Ok(None);
        };
        files::write(&path, content, self.notes.force)?;
        self.notes.delivered.insert(index);
        Ok(Some(path))
    }

    /// A receiver's file, with a number for further messages; a file in a sender's folder.
    fn path_of(&self, index: u64) -> Result<Option<PathBuf>, Failure> {
        let Some(out) = &self.notes.out else {
            return Ok(None);
        };
        Ok(Some(match self.role {
            TransferRole::Receiver if index == 0 => out.clone(),
            TransferRole::Receiver => {
                let mut name = out.clone().into_os_string();
                name.push(format!(".{index}"));
                name.into()
            }
            TransferRole::Sender => {
                std::fs::create_dir_all(out).map_err(|error| {
                    let reason = format!("{} can't be made: {error}", out.display());
                    Failure::new("file", reason)
                })?;
                out.join(format!("{}-{index}", self.id))
            }
        }))
    }

    /// The receiver has what it came for: its reply leaves, and then it is done.
    async fn answer(&mut self) -> Result<(), Failure> {
        if let Some(reply) = self.notes.reply.clone()
            && self.counts().await?.sent == 0
        {
            let content = reply.0.to_vec();
            let reply = Credential::new(options::DEFAULT_FORMAT, content);
            self.client.send_credential(self.id, reply).await?;
        }
        match self.client.terminate(self.id, TerminateReason::Done).await {
            Ok(()) | Err(Error::Closed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
