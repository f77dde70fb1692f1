//! The encoding of numbers, bytes and options: that of the serializer which the real store uses.

/// Encoded values, with the boundaries at which the serializer hands them to its writer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoded {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Encoded {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The pieces in which the serializer writes.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.bytes[start..end])
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    /// A number in one, three, five or nine bytes.
    pub(crate) fn number(&mut self, number: u64) {
        match number {
            0..=250 => self.bytes.push(number as u8),
            251..=0xffff => {
                self.bytes.push(TAG_U16);
                self.bytes.extend_from_slice(&(number as u16).to_le_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.bytes.push(TAG_U32);
                self.bytes.extend_from_slice(&(number as u32).to_le_bytes());
            }
            _ => {
                self.bytes.push(TAG_U64);
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn blob(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    pub(crate) fn option(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.raw(&[0]),
            Some(bytes) => {
                self.raw(&[1]);
                self.blob(bytes);
            }
        }
    }

    /// Appends what was encoded elsewhere.
    pub(crate) fn extend(&mut self, other: &Self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }
}

const TAG_U16: u8 = 251;
const TAG_U32: u8 = 252;
const TAG_U64: u8 = 253;

/// Why bytes do not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// They end too early.
    End,
    /// They are no encoding of anything.
    Malformed(&'static str),
}

/// Decodes values from bytes.
#[derive(Clone, Debug)]
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Decoder<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How far it has come.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) fn raw(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(len).ok_or(DecodeError::End)?;
        let bytes = self.bytes.get(self.at..end).ok_or(DecodeError::End)?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.raw(N)?);
        Ok(array)
    }

    pub(crate) fn u32_fixed(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn number(&mut self) -> Result<u64, DecodeError> {
        let [first] = self.array()?;
        match first {
            TAG_U16 => self.array().map(u16::from_le_bytes).map(u64::from),
            TAG_U32 => self.array().map(u32::from_le_bytes).map(u64::from),
            TAG_U64 => self.array().map(u64::from_le_bytes),
            254.. => Err(DecodeError::Malformed("a number has an unknown size")),
            small => Ok(u64::from(small)),
        }
    }

    pub(crate) fn blob(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.number()?;
        self.raw(usize::try_from(len).map_err(|_| DecodeError::End)?)
    }

    pub(crate) fn option(&mut self) -> Result<Option<&'a [u8]>, DecodeError> {
        match self.array()? {
            [0] => Ok(None),
            [1] => self.blob().map(Some),
            _ => Err(DecodeError::Malformed(
                "an option is neither there nor absent",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        for (number, len) in [
            (0, 1),
            (250, 1),
            (251, 3),
            (0xffff, 3),
            (0x1_0000, 5),
            (0xffff_ffff, 5),
            (0x1_0000_0000, 9),
            (u64::MAX, 9),
        ] {
            let mut encoded = Encoded::default();
            encoded.number(number);
            assert_eq!(encoded.bytes().len(), len, "{number}");
            let mut decoder = Decoder::new(encoded.bytes());
            assert_eq!(decoder.number(), Ok(number));
            assert!(decoder.is_at_end());
        }
    }

    #[test]
    fn what_is_cut_off_ends_early_and_what_is_foreign_is_malformed() {
        let mut encoded = Encoded::default();
        encoded.option(Some(b"value"));
        for len in 0..encoded.bytes().len() {
            let cut = &encoded.bytes()[..len];
            assert_eq!(Decoder::new(cut).option(), Err(DecodeError::End), "{len}");
        }
        assert!(matches!(
            Decoder::new(&[2]).option(),
            Err(DecodeError::Malformed(_))
        ));
        assert!(matches!(
            Decoder::new(&[255]).number(),
            Err(DecodeError::Malformed(_))
        ));
        assert_eq!(
            encoded.pieces().map(<[u8]>::len).collect::<Vec<_>>(),
            [1, 1, 5]
        );
    }
}
