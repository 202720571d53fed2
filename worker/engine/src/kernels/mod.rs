//! The inner loops, once for each kind of processor.
//!
//! Every kernel gives the same bits: sums of integers have no order. Which one runs is decided when
//! the process starts, by what the processor has ([`Kernel::best`]); the environment variable
//! `AIPG_KERNEL` names another one. A kernel has to earn its choice: before it is used it must agree
//! with the portable one on numbers that reach the limits, so a fault of a processor, a hypervisor
//! or ours costs speed and not a bond.
//!
//! - [`panels`]: the operands of products in the order in which kernels read them
//! - [`mod@product`]: matrix products on all cores
//! - [`rows`]: everything that is not a product, one row at a time

mod check;
pub(crate) mod panels;
mod portable;
pub(crate) mod product;
pub(crate) mod rows;
#[cfg(target_arch = "x86_64")]
mod x86;

use panels::{Activations, Companion, Panels, LANES};
use rows::RowFunctions;
use std::{fmt, sync::OnceLock};
use thiserror::Error;

/// Rows of activations that one call of [`Kernel::products`] takes at most.
pub const BLOCK_ROWS: usize = 4;

/// Sums of a block: `[row][row of the panel]`. Rows that the block does not have hold anything.
pub type Sums = [[i32; LANES]; BLOCK_ROWS];

/// One panel times up to [`BLOCK_ROWS`] rows of activations.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    panel: &'a [i8],
    sums: &'a [i32; LANES],
    steps: usize,
    input: &'a Activations,
    first: usize,
    rows: usize,
}

impl<'a> Block<'a> {
    /// Panel number `panel` times the rows of `input` from `first` on, as many as there are and fit.
    ///
    /// # Panics
    ///
    /// If the operands have different widths, or there is no such panel or row: kernels read without
    /// looking.
    pub fn new(panels: &'a Panels, panel: usize, input: &'a Activations, first: usize) -> Self {
        assert_eq!(panels.columns(), input.columns(), "widths of a product");
        assert!(first < input.rows(), "row {first} of {}", input.rows());
        let (panel, sums) = panels.panel(panel);
        Self {
            panel,
            sums,
            steps: panels.steps(),
            input,
            first,
            rows: BLOCK_ROWS.min(input.rows() - first),
        }
    }

    /// The elements of the first R rows.
    fn elements<const R: usize>(&self) -> [*const i8; R] {
        std::array::from_fn(|row| self.input.row(self.first + row).as_ptr())
    }

    /// Their companions.
    fn companions<const R: usize>(&self) -> [*const u8; R] {
        std::array::from_fn(|row| self.input.companion(self.first + row).as_ptr())
    }
}

/// The inner loops for one kind of processor.
///
/// Its functions may use instructions of one kind of processor, so they are out of reach outside of this
/// crate, and a kernel is handed out only where they were detected.
pub struct Kernel {
    name: &'static str,
    /// The form of activations that [`Self::products`] reads.
    pub(crate) companion: Companion,
    /// All products of a block.
    pub(crate) products: fn(&Block<'_>) -> Sums,
    /// What is not a product.
    pub(crate) rows: RowFunctions,
    detected: fn() -> bool,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Kernel({})", self.name)
    }
}

/// Why a kernel cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KernelError {
    /// There is none of this name.
    #[error("UnknownKernel: there is no kernel {0}; there are: {1}")]
    Unknown(String, String),
    /// The processor lacks its instructions.
    #[error("KernelUnsupported: this processor cannot run the kernel {0}")]
    Unsupported(&'static str),
    /// It does not agree with the portable one on this machine.
    #[error("KernelUntrusted: the kernel {0} computes wrong results on this machine")]
    Untrusted(&'static str),
}

/// Plain Rust: runs everywhere, and all others must equal it.
pub static PORTABLE: Kernel = Kernel {
    name: "portable",
    companion: Companion::None,
    products: portable::products,
    rows: RowFunctions::PORTABLE,
    detected: || true,
};

/// All kernels of this architecture, best first.
#[cfg(target_arch = "x86_64")]
static KERNELS: [&Kernel; 4] = [&x86::AVX512_VNNI, &x86::AVX_VNNI, &x86::AVX2, &PORTABLE];

/// All kernels of this architecture, best first.
#[cfg(not(target_arch = "x86_64"))]
static KERNELS: [&Kernel; 1] = [&PORTABLE];

impl Kernel {
    /// Its name in `AIPG_KERNEL`, logs and reports.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The kernels that this processor can run, best first.
    pub fn available() -> impl Iterator<Item = &'static Self> {
        KERNELS.into_iter().filter(|kernel| (kernel.detected)())
    }

    /// The fastest kernel that this machine runs correctly. Tried once in a process.
    pub fn best() -> &'static Self {
        static BEST: OnceLock<&Kernel> = OnceLock::new();
        BEST.get_or_init(|| {
            Self::available()
                .find(|kernel| kernel.agrees_with(&PORTABLE))
                .unwrap_or(&PORTABLE)
        })
    }

    /// The kernel of this name.
    ///
    /// # Errors
    ///
    /// [`KernelError`] if there is none, or this machine cannot run it or runs it wrongly.
    pub fn by_name(name: &str) -> Result<&'static Self, KernelError> {
        let Some(kernel) = KERNELS.into_iter().find(|kernel| kernel.name == name) else {
            let names: Vec<_> = KERNELS.iter().map(|kernel| kernel.name).collect();
            return Err(KernelError::Unknown(name.into(), names.join(", ")));
        };
        if !(kernel.detected)() {
            return Err(KernelError::Unsupported(kernel.name));
        }
        if !kernel.agrees_with(&PORTABLE) {
            return Err(KernelError::Untrusted(kernel.name));
        }
        Ok(kernel)
    }

    /// The kernel that the environment variable `AIPG_KERNEL` names, else [`Kernel::best`].
    ///
    /// # Errors
    ///
    /// As [`Kernel::by_name`].
    pub fn from_environment() -> Result<&'static Self, KernelError> {
        match std::env::var("AIPG_KERNEL") {
            Ok(name) if !name.is_empty() => Self::by_name(&name),
            _ => Ok(Self::best()),
        }
    }

    /// Whether both give the same bits on numbers that reach the limits; takes about a millisecond.
    fn agrees_with(&self, other: &Self) -> bool {
        check::products(self) == check::products(other) && check::rows(self) == check::rows(other)
    }
}

#[cfg(test)]
mod tests;
