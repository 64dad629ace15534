//! The end of a run: where the members' records are, or how they come to the leader's.

use super::Leader;
use crate::fleet::bus::{LeaderEvent, Order, RecordAssembly, Report};
use crate::fleet::packed::unpack;
use crate::fleet::request::MembersRecords;
use crate::fleet::roll::Standing;
use crate::run::FleetEnd;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long nothing may come of a record.
const RECORD_PATIENCE: Duration = Duration::from_secs(20);

impl Leader {
    /// What became of the members, with their records in `directory`; see [`crate::run::Fleet::settle`].
    pub fn settle(&mut self, directory: &Path) -> FleetEnd {
        let mut losses = self.run.take().map(|run| run.losses).unwrap_or_default();
        match self.leading.records {
            MembersRecords::Gathered => {
                losses.extend(self.gather_records(&directory.join("shards")));
            }
            MembersRecords::Kept => self.tell_where_records_are(),
            MembersRecords::Left => {}
        }
        self.show(None);
        FleetEnd {
            members: self.roll.rows(),
            losses,
        }
    }

    fn tell_where_records_are(&self) {
        let settled = self
            .roll
            .members()
            .filter_map(|(shard, entry)| match &entry.standing {
                Standing::Settled(settled) => Some((shard, &entry.who, &settled.directory)),
                Standing::Preparing | Standing::Prepared => None,
            });
        let mut text = "the shards' records stay where they are (--keep-records):".to_owned();
        for (shard, who, directory) in settled {
            text.push_str(&format!("\n  shard {}: {directory} on {who}", shard + 1));
        }
        text.push_str("\nbring them together, and: shopblast merge DIR… --out DIR");
        self.tell(text);
    }

    /// Has every member send its record, one after the other.
    fn gather_records(&mut self, folder: &Path) -> Vec<String> {
        let mut losses = Vec::new();
        for shard in 0..self.roll.shards() {
            let is_there = self.roll.entry(shard).is_some_and(|entry| {
                entry.lost.is_none() && matches!(entry.standing, Standing::Settled(_))
            });
            if !is_there {
                continue;
            }
            let place = folder.join((shard + 1).to_string());
            if let Err(why) = self.fetch_record(shard, &place) {
                let where_it_is = self
                    .roll
                    .entry(shard)
                    .and_then(|entry| match &entry.standing {
                        Standing::Settled(settled) => Some(settled.directory.clone()),
                        _ => None,
                    });
                losses.push(format!(
                    "the record of {} did not come: {why}; it is in {} there",
                    self.named(shard),
                    where_it_is.unwrap_or_default()
                ));
            }
        }
        losses
    }

    fn fetch_record(&mut self, shard: u32, place: &Path) -> io::Result<()> {
        let target = tempfile::tempfile()?;
        let mut assembly = Some(RecordAssembly::new(BufWriter::new(target)));
        self.give(&Order::SendRecord {
            round: self.round,
            shard,
        });
        let mut came = Instant::now();
        while came.elapsed() < RECORD_PATIENCE {
            for event in self.heard() {
                let LeaderEvent::Said {
                    shard: from,
                    report,
                } = event
                else {
                    self.heed_place(event);
                    continue;
                };
                if from != shard {
                    continue;
                }
                came = Instant::now();
                match report {
                    Report::Piece { number, body, .. } => {
                        if let Some(assembly) = &mut assembly {
                            assembly.add(number, &body).map_err(io::Error::other)?;
                        }
                    }
                    Report::RecordEnd {
                        pieces,
                        bytes,
                        sha256,
                        ..
                    } => {
                        let Some(assembly) = assembly.take() else {
                            continue;
                        };
                        let whole = assembly.finish(pieces, bytes, &sha256);
                        let whole = whole.map_err(io::Error::other)?;
                        let mut whole: File = whole.into_inner().map_err(io::Error::other)?;
                        whole.rewind()?;
                        return unpack(BufReader::new(whole), place);
                    }
                    Report::Leaving { why } => {
                        return Err(io::Error::other(format!("it left: {why}")));
                    }
                    _ => {}
                }
            }
        }
        Err(io::Error::other(format!(
            "nothing came for {} s",
            RECORD_PATIENCE.as_secs()
        )))
    }
}
