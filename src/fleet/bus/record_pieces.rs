//! A record on its way through Redis: cut into pieces, put together again, and checked.

use super::message::{MOST_PIECE_BYTES, Report};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// Most bytes of a record that is sent.
pub const MOST_RECORD_BYTES: u64 = 2 << 30;

/// Why a record did not come whole.
#[derive(Debug, thiserror::Error)]
pub enum PiecesError {
    /// A piece is missing, or came twice.
    #[error("piece {expected} of the record was expected, and piece {came} came")]
    OutOfOrder {
        /// Which one should have come.
        expected: u32,
        /// Which one came.
        came: u32,
    },
    /// More than is taken.
    #[error(
        "the record has more than {MOST_RECORD_BYTES} bytes; leave it where it is, with --keep-records"
    )]
    TooLarge,
    /// What came is not what was sent.
    #[error("the record came with {bytes} bytes in {pieces} pieces, and not as it was sent")]
    Changed {
        /// So many bytes came.
        bytes: u64,
        /// In so many pieces.
        pieces: u32,
    },
    /// It cannot be read, or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Cuts what is read into pieces.
pub struct RecordCutter {
    round: u32,
    source: Box<dyn Read + Send>,
    pieces: u32,
    bytes: u64,
    sum: Sha256,
    is_over: bool,
}

impl RecordCutter {
    /// The record of a run.
    #[must_use]
    pub fn new(round: u32, source: Box<dyn Read + Send>) -> Self {
        Self {
            round,
            source,
            pieces: 0,
            bytes: 0,
            sum: Sha256::new(),
            is_over: false,
        }
    }

    /// The next piece, and at last the end; `None` after it.
    ///
    /// # Errors
    /// When the record cannot be read, or is too large.
    pub fn next_report(&mut self) -> Result<Option<Report>, PiecesError> {
        if self.is_over {
            return Ok(None);
        }
        let mut body = Vec::with_capacity(MOST_PIECE_BYTES);
        let source = self.source.as_mut();
        source
            .take(MOST_PIECE_BYTES as u64)
            .read_to_end(&mut body)?;
        let round = self.round;
        if body.is_empty() {
            self.is_over = true;
            return Ok(Some(Report::RecordEnd {
                round,
                pieces: self.pieces,
                bytes: self.bytes,
                sha256: hexadecimal(&self.sum),
            }));
        }
        self.bytes += body.len() as u64;
        if self.bytes > MOST_RECORD_BYTES {
            return Err(PiecesError::TooLarge);
        }
        self.sum.update(&body);
        let number = self.pieces;
        self.pieces += 1;
        Ok(Some(Report::Piece {
            round,
            number,
            body,
        }))
    }
}

/// Puts the pieces of one record together.
pub struct RecordAssembly<W: Write> {
    target: W,
    pieces: u32,
    bytes: u64,
    sum: Sha256,
}

impl<W: Write> RecordAssembly<W> {
    /// One that writes to `target`.
    #[must_use]
    pub fn new(target: W) -> Self {
        Self {
            target,
            pieces: 0,
            bytes: 0,
            sum: Sha256::new(),
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// When it is not the next one, or cannot be written.
    pub fn add(&mut self, number: u32, piece: &[u8]) -> Result<(), PiecesError> {
        if number != self.pieces {
            let (expected, came) = (self.pieces, number);
            return Err(PiecesError::OutOfOrder { expected, came });
        }
        self.bytes += piece.len() as u64;
        if self.bytes > MOST_RECORD_BYTES {
            return Err(PiecesError::TooLarge);
        }
        self.pieces += 1;
        self.sum.update(piece);
        Ok(self.target.write_all(piece)?)
    }

    /// Bytes that came so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// All pieces are there: gives the target back, if they are what was sent.
    ///
    /// # Errors
    /// When they are not, or cannot be written.
    pub fn finish(mut self, pieces: u32, bytes: u64, sha256: &str) -> Result<W, PiecesError> {
        let came = (self.pieces, self.bytes, hexadecimal(&self.sum));
        if came != (pieces, bytes, sha256.to_owned()) {
            let (pieces, bytes, _) = came;
            return Err(PiecesError::Changed { bytes, pieces });
        }
        self.target.flush()?;
        Ok(self.target)
    }
}

fn hexadecimal(sum: &Sha256) -> String {
    let sum = sum.clone().finalize();
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces_of(record: &[u8]) -> Vec<Report> {
        let mut cutter = RecordCutter::new(0, Box::new(io::Cursor::new(record.to_vec())));
        let pieces = std::iter::from_fn(|| cutter.next_report().unwrap()).collect();
        assert!(cutter.next_report().unwrap().is_none());
        pieces
    }

    fn put_together(reports: &[Report]) -> Result<Vec<u8>, PiecesError> {
        let mut assembly = RecordAssembly::new(Vec::new());
        for report in reports {
            match report {
                Report::Piece { number, body, .. } => assembly.add(*number, body)?,
                Report::RecordEnd {
                    pieces,
                    bytes,
                    sha256,
                    ..
                } => return assembly.finish(*pieces, *bytes, sha256),
                other => panic!("{other:?}"),
            }
        }
        panic!("no end");
    }

    #[test]
    fn a_record_comes_as_it_was_or_not_at_all() {
        let record: Vec<u8> = (0..3 * MOST_PIECE_BYTES / 2)
            .map(|at| (at % 251) as u8)
            .collect();
        let sent = pieces_of(&record);
        assert_eq!(sent.len(), 3);
        assert_eq!(put_together(&sent).unwrap(), record);
        assert_eq!(put_together(&pieces_of(b"")).unwrap(), b"");
        let told = |reports: &[Report]| put_together(reports).unwrap_err().to_string();
        assert!(told(&sent[1..]).starts_with("piece 0 of the record was expected, and piece 1"));
        assert!(told(&[sent[0].clone(), sent[0].clone()]).contains("piece 1 of the record"));
        let mut changed = sent.clone();
        if let Report::Piece { body, .. } = &mut changed[1] {
            body[7] ^= 1;
        }
        assert!(told(&changed).contains("not as it was sent"));
        assert!(told(&[sent[0].clone(), sent[2].clone()]).contains("not as it was sent"));
    }
}
