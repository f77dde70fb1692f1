//! Which of the bugs of a specimen are mended.

use std::marker::PhantomData;

/// A bug that can be mended on its own.
pub trait Mendable: Copy + 'static {
    /// Every bug of the specimen.
    const ALL: &'static [Self];

    /// A number of its own, below 64.
    fn index(self) -> u32;
}

/// A set of bugs that are mended.
#[derive(Debug, PartialEq, Eq)]
pub struct Mends<B> {
    bits: u64,
    bugs: PhantomData<B>,
}

impl<B> Clone for Mends<B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Mends<B> {}

impl<B: Mendable> Mends<B> {
    /// The historical protocol.
    pub const fn none() -> Self {
        Self {
            bits: 0,
            bugs: PhantomData,
        }
    }

    /// The protocol without any of the bugs.
    pub fn all() -> Self {
        Self::of(B::ALL)
    }

    /// The protocol with these bugs and no other.
    pub fn all_but(bugs: &[B]) -> Self {
        Self {
            bits: Self::all().bits & !Self::of(bugs).bits,
            bugs: PhantomData,
        }
    }

    /// The protocol without these bugs.
    pub fn of(bugs: &[B]) -> Self {
        bugs.iter()
            .fold(Self::none(), |mends, &bug| mends.with(bug))
    }

    /// The same, with this bug mended too.
    #[must_use]
    pub fn with(self, bug: B) -> Self {
        Self {
            bits: self.bits | 1 << bug.index(),
            ..self
        }
    }

    /// Whether this bug is mended.
    pub fn has(self, bug: B) -> bool {
        self.bits & 1 << bug.index() != 0
    }
}

/// Declares the bugs of a specimen: the number that each has in the records of the system, and what is wrong, in one sentence.
macro_rules! bugs {
    ($($name:ident, $what:literal;)*) => {
        /// A bug of the historical protocol: `H` when it was found and mended while the protocol was young, `R` when it stayed. The
        /// numbers follow no order but that of their discovery.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Bug {
            $(#[doc = $what] $name,)*
        }

        impl Bug {
            /// What is wrong, in one sentence.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }

        impl $crate::specimens::mends::Mendable for Bug {
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            fn index(self) -> u32 {
                self as u32
            }
        }

        impl std::fmt::Display for Bug {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&format!("{self:?}").to_ascii_lowercase())
            }
        }
    };
}

pub(crate) use bugs;

#[cfg(test)]
mod tests {
    use super::*;

    fn each_is_mended_on_its_own<B: Mendable + PartialEq + std::fmt::Debug>() {
        for &bug in B::ALL {
            let mends = Mends::none().with(bug);
            let mended: Vec<B> = B::ALL
                .iter()
                .copied()
                .filter(|&other| mends.has(other))
                .collect();
            assert_eq!(mended, [bug]);
            assert!(Mends::all().has(bug), "{bug:?}");
        }
    }

    #[test]
    fn each_bug_is_mended_on_its_own() {
        each_is_mended_on_its_own::<crate::specimens::torc::Bug>();
        each_is_mended_on_its_own::<crate::specimens::activitywatch::Bug>();
        each_is_mended_on_its_own::<crate::specimens::tinycloud::Bug>();
        each_is_mended_on_its_own::<crate::specimens::modelvault::Bug>();
        each_is_mended_on_its_own::<crate::specimens::surrealmx::Bug>();
    }
}
