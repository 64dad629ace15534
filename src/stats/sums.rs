//! What is added up over cores and seconds, and how: one rule for a count, for a latency store, and
//! for everything that is made of them.

use super::{LatencyCounts, LatencyTotal, OutcomeCounts};

/// What takes up what another one measured.
pub trait Absorb<Other = Self> {
    /// Adds everything of `other`.
    fn absorb(&mut self, other: &Other);
}

/// What is emptied to be filled anew. Allocations are kept.
pub trait Forget {
    /// Forgets everything.
    fn forget(&mut self);
}

/// Declares a struct each of whose fields is added up, emptied and written as bytes by itself, so that a
/// new field is a line of the struct and nothing else. A struct that is generic over its latency store takes
/// up what was measured with another store.
macro_rules! sums {
    (
        $(#[$meta:meta])*
        pub struct $name:ident$(<$store:ident>)? {
            $($(#[$of_field:meta])* pub $field:ident: $kind:ty,)*
        }
    ) => {
        $(#[$meta])*
        pub struct $name$(<$store>)? {
            $($(#[$of_field])* pub $field: $kind,)*
        }

        $crate::stats::sums::sums!(@absorb $name$(<$store>)? { $($field)* });

        impl$(<$store: $crate::stats::Coded>)? $crate::stats::Coded for $name$(<$store>)? {
            fn put(&self, out: &mut Vec<u8>) {
                $($crate::stats::Coded::put(&self.$field, out);)*
            }

            fn read(
                &mut self,
                bytes: &mut $crate::stats::CodedBytes<'_>,
            ) -> Result<(), $crate::stats::Garbled> {
                $($crate::stats::Coded::read(&mut self.$field, bytes)?;)*
                Ok(())
            }
        }

        impl$(<$store: $crate::stats::Forget>)? $crate::stats::Forget for $name$(<$store>)? {
            fn forget(&mut self) {
                $($crate::stats::Forget::forget(&mut self.$field);)*
            }
        }
    };
    (@absorb $name:ident { $($field:ident)* }) => {
        impl $crate::stats::Absorb for $name {
            #[inline]
            fn absorb(&mut self, other: &Self) {
                $($crate::stats::Absorb::absorb(&mut self.$field, &other.$field);)*
            }
        }
    };
    (@absorb $name:ident<$store:ident> { $($field:ident)* }) => {
        impl<$store, Other> $crate::stats::Absorb<$name<Other>> for $name<$store>
        where
            $store: $crate::stats::Absorb<Other>,
        {
            fn absorb(&mut self, other: &$name<Other>) {
                $($crate::stats::Absorb::absorb(&mut self.$field, &other.$field);)*
            }
        }
    };
}
pub(super) use sums;

macro_rules! numbers {
    ($($number:ty)*) => {
        $(
            impl Absorb for $number {
                #[inline]
                fn absorb(&mut self, other: &Self) {
                    *self += other;
                }
            }

            impl Forget for $number {
                #[inline]
                fn forget(&mut self) {
                    *self = 0;
                }
            }
        )*
    };
}
numbers!(u64 i64);

/// Place by place.
impl<One: Absorb<Other>, Other, const N: usize> Absorb<[Other; N]> for [One; N] {
    #[inline]
    fn absorb(&mut self, other: &[Other; N]) {
        for (sum, more) in self.iter_mut().zip(other) {
            sum.absorb(more);
        }
    }
}

impl<One: Forget, const N: usize> Forget for [One; N] {
    fn forget(&mut self) {
        self.iter_mut().for_each(One::forget);
    }
}

/// Row by row: both have a row for each thing of the plan, which is why rows are emptied and not
/// taken away.
impl<One: Absorb<Other>, Other> Absorb<Vec<Other>> for Vec<One> {
    fn absorb(&mut self, other: &Vec<Other>) {
        for (sum, more) in self.iter_mut().zip(other) {
            sum.absorb(more);
        }
    }
}

impl<One: Forget> Forget for Vec<One> {
    fn forget(&mut self) {
        self.iter_mut().for_each(One::forget);
    }
}

impl Absorb for LatencyTotal {
    fn absorb(&mut self, other: &Self) {
        self.absorb_total(other);
    }
}

impl Absorb for OutcomeCounts {
    #[inline]
    fn absorb(&mut self, other: &Self) {
        Self::absorb(self, other);
    }
}

impl Forget for OutcomeCounts {
    fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Absorb for LatencyCounts {
    fn absorb(&mut self, other: &Self) {
        Self::absorb(self, other);
    }
}

impl Forget for LatencyCounts {
    fn forget(&mut self) {
        self.clear();
    }
}

impl Absorb<LatencyCounts> for LatencyTotal {
    fn absorb(&mut self, other: &LatencyCounts) {
        Self::absorb(self, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    sums! {
        #[derive(Default)]
        pub struct Parts<L> {
            pub count: u64,
            pub balance: i64,
            pub places: [u64; 2],
            pub rows: Vec<L>,
        }
    }

    fn parts() -> Parts<LatencyCounts> {
        let mut latencies = LatencyCounts::default();
        latencies.record_us(7);
        Parts {
            count: 3,
            balance: -2,
            places: [1, 4],
            rows: vec![latencies],
        }
    }

    #[test]
    fn every_field_is_added_into_whatever_store() {
        let mut total = Parts {
            rows: vec![LatencyTotal::default()],
            ..Parts::default()
        };
        total.absorb(&parts());
        total.absorb(&parts());
        assert_eq!((total.count, total.balance), (6, -4));
        assert_eq!((total.places, total.rows[0].len()), ([2, 8], 2));
    }

    #[test]
    fn every_field_is_emptied_and_rows_stay() {
        let mut parts = parts();
        parts.forget();
        assert_eq!((parts.count, parts.balance, parts.places), (0, 0, [0, 0]));
        assert_eq!((parts.rows.len(), parts.rows[0].len()), (1, 0));
    }
}
