//! What a target may take: each states a room, and more is a finding as a panic is.

use shopblast::engine::{WeighingAllocator, most_held};

#[global_allocator]
static ALLOCATOR: WeighingAllocator = WeighingAllocator;

const KIB: usize = 1 << 10;

/// Most bytes that a target may hold at a time.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Whatever it is given.
    whatever: usize,
    /// For each byte that it is given.
    each_byte: usize,
}

impl Room {
    /// So many KiB, and so many bytes for each byte of the input.
    pub const fn new(whatever_kib: usize, each_byte: usize) -> Self {
        Self {
            whatever: whatever_kib * KIB,
            each_byte,
        }
    }

    /// Carries `work` on `bytes` out, which must not hold more than this.
    pub fn hold(self, name: &str, work: fn(&[u8]), bytes: &[u8]) {
        let most = self.whatever + self.each_byte * bytes.len();
        let held = || most_held(|| work(bytes)).1;
        // What is made once for the whole process is there the second time.
        if held() > most {
            let held = held();
            assert!(
                held <= most,
                "{name} held {held} bytes for {}, and may hold {most}",
                bytes.len()
            );
        }
    }
}
