//! A device with a fault, to see that nothing is lost by it and nothing believed.

use crate::device::{Device, DeviceError, Launch, Memory};
use std::sync::{
    atomic::{AtomicI64, Ordering},
    Arc,
};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A launch fails, and all after it.
    Launch,
    /// One bit of the numbers that are read from the device is wrong, once.
    Bit,
}

/// A device that works so many times and then has a fault. Copies share the count.
#[derive(Clone, Debug)]
pub struct Faulty {
    device: Arc<dyn Device>,
    fault: Fault,
    /// Launches or reads until it happens; below 0 it has happened.
    left: Arc<AtomicI64>,
}

impl Faulty {
    /// Of `device`, after `sound` launches or reads.
    pub fn new(device: Arc<dyn Device>, fault: Fault, sound: u32) -> Self {
        Self {
            device,
            fault,
            left: Arc::new(AtomicI64::new(sound.into())),
        }
    }

    /// Lets it happen after `sound` more launches or reads.
    pub fn break_after(&self, sound: u32) {
        self.left.store(sound.into(), Ordering::SeqCst);
    }
}

impl Device for Faulty {
    fn describe(&self) -> String {
        format!("{}, with a fault", self.device.describe())
    }

    fn allocate(&self, bytes: usize) -> Result<Box<dyn Memory>, DeviceError> {
        let memory = self.device.allocate(bytes)?;
        Ok(match self.fault {
            Fault::Launch => memory,
            Fault::Bit => Box::new(FlippedMemory {
                memory,
                left: self.left.clone(),
            }),
        })
    }

    fn launch(&self, launch: &Launch) -> Result<(), DeviceError> {
        if self.fault == Fault::Launch && self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(DeviceError::Failed {
                action: format!("launch {}", launch.kernel().name()),
                reason: "the tests want it so".into(),
            });
        }
        self.device.launch(launch)
    }
}

/// Memory of which one read is wrong.
#[derive(Debug)]
struct FlippedMemory {
    memory: Box<dyn Memory>,
    left: Arc<AtomicI64>,
}

impl Memory for FlippedMemory {
    fn address(&self) -> u64 {
        self.memory.address()
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), DeviceError> {
        self.memory.write(offset, bytes)
    }

    fn read(&self, offset: usize, bytes: &mut [u8]) -> Result<(), DeviceError> {
        self.memory.read(offset, bytes)?;
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            if let Some(byte) = bytes.first_mut() {
                *byte ^= 1;
            }
        }
        Ok(())
    }
}
