//! Memory of a device as numbers of one type, and arguments made of it.

use crate::device::{Device, DeviceError, Memory};
use aipg_exact::quantise::Scale;
use std::marker::PhantomData;

/// A number as devices hold it, little-endian.
pub trait Element: Copy {
    /// Bytes of one.
    const SIZE: usize;
    /// Appends its bytes.
    fn put(self, bytes: &mut Vec<u8>);
    /// From its bytes, [`Self::SIZE`] of them.
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! elements {
    ($($number:ty),*) => {$(
        impl Element for $number {
            const SIZE: usize = size_of::<Self>();

            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }

            fn take(bytes: &[u8]) -> Self {
                let mut array = [0; size_of::<Self>()];
                array.copy_from_slice(bytes);
                Self::from_le_bytes(array)
            }
        }
    )*};
}

elements!(i8, i16, u16, i32, u32, i64, u64);

/// `struct Scale` of the kernels: the mantissa takes four bytes.
impl Element for Scale {
    const SIZE: usize = 8;

    fn put(self, bytes: &mut Vec<u8>) {
        u32::from(self.mantissa).put(bytes);
        self.exponent.put(bytes);
    }

    fn take(bytes: &[u8]) -> Self {
        Self {
            // Kernels limit it to 65,535.
            mantissa: u32::take(&bytes[..4]) as u16,
            exponent: i32::take(&bytes[4..]),
        }
    }
}

/// Numbers on a device.
#[derive(Debug)]
pub struct Buffer<T> {
    memory: Box<dyn Memory>,
    length: usize,
    element: PhantomData<T>,
}

impl<T: Element> Buffer<T> {
    /// So many zeros.
    ///
    /// # Errors
    /// [`DeviceError::OutOfMemory`].
    pub fn zeros(device: &dyn Device, length: usize) -> Result<Self, DeviceError> {
        Ok(Self {
            memory: device.allocate(length.max(1) * T::SIZE)?,
            length,
            element: PhantomData,
        })
    }

    /// These numbers.
    ///
    /// # Errors
    /// [`DeviceError`] if they do not fit.
    pub fn of(device: &dyn Device, numbers: &[T]) -> Result<Self, DeviceError> {
        let mut buffer = Self::zeros(device, numbers.len())?;
        buffer.write(0, numbers)?;
        Ok(buffer)
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Overwrites numbers from the one with index `first` on.
    ///
    /// # Errors
    /// [`DeviceError`] if the device fails.
    ///
    /// # Panics
    /// If they are more than there is room for.
    pub fn write(&mut self, first: usize, numbers: &[T]) -> Result<(), DeviceError> {
        assert!(
            first + numbers.len() <= self.length,
            "a write stays in its buffer"
        );
        let mut bytes = Vec::with_capacity(numbers.len() * T::SIZE);
        numbers.iter().for_each(|number| number.put(&mut bytes));
        self.memory.write(first * T::SIZE, &bytes)
    }

    /// The numbers from the one with index `first` on.
    ///
    /// # Errors
    /// [`DeviceError`] if the device fails, also in what was launched before.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn read(&self, first: usize, count: usize) -> Result<Vec<T>, DeviceError> {
        assert!(first + count <= self.length, "a read stays in its buffer");
        let mut bytes = vec![0; count * T::SIZE];
        self.memory.read(first * T::SIZE, &mut bytes)?;
        Ok(bytes.chunks_exact(T::SIZE).map(T::take).collect())
    }
}

/// The structure that a kernel takes, field by field.
#[derive(Debug, Default)]
pub(crate) struct Arguments(Vec<u64>);

impl Arguments {
    /// The address of a buffer of which the kernel touches the first `touched` numbers.
    ///
    /// # Panics
    /// If the buffer is shorter: a kernel must not reach beyond it.
    pub fn buffer<T: Element>(mut self, buffer: &Buffer<T>, touched: usize) -> Self {
        assert!(
            touched <= buffer.length,
            "a kernel would touch {touched} numbers of {}",
            buffer.length
        );
        self.0.push(buffer.memory.address());
        self
    }

    /// The same, or the null pointer.
    pub fn optional<T: Element>(self, buffer: Option<&Buffer<T>>, touched: usize) -> Self {
        match buffer {
            Some(buffer) => self.buffer(buffer, touched),
            None => self.number(0),
        }
    }

    /// A number.
    pub fn number(mut self, number: i64) -> Self {
        self.0.push(number as u64);
        self
    }

    /// A count, a width: always far below 2⁶³.
    pub fn count(self, count: usize) -> Self {
        self.number(count as i64)
    }

    /// All fields.
    pub fn into_words(self) -> Vec<u64> {
        self.0
    }
}
