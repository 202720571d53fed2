//! A device that is the processor: the kernels' source compiled as C++, and memory with guards around it.
#![expect(unsafe_code, reason = "the kernels are foreign code")]

use crate::{
    device::{Device, DeviceError, Kernel, Launch, Memory},
    source::program,
};
use libloading::Library;
use std::{
    env,
    ffi::{c_char, c_int, c_uint, c_ulonglong, c_void, CString},
    fs,
    process::Command,
    sync::OnceLock,
};

/// `host_launch` of launch.hpp.
type HostLaunch = unsafe extern "C" fn(
    *const c_char,
    *const c_uint,
    c_uint,
    *const c_void,
    usize,
    c_ulonglong,
) -> c_int;

/// The compiled kernels. Undefined behaviour traps in them: a test that meets some dies of it.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("kernels.cpp");
        let object = folder.path().join("kernels.so");
        fs::write(&source, host_program()).unwrap();
        let compiler = env::var("CXX").unwrap_or_else(|_| "clang++".into());
        let output = Command::new(&compiler)
            .args(["-std=c++17", "-O2", "-shared", "-fPIC", "-w"])
            .args([
                "-fsanitize=undefined,unsigned-shift-base",
                "-fsanitize-trap=all",
            ])
            .arg("-o")
            .args([&object, &source])
            .output()
            .unwrap_or_else(|error| {
                panic!("{compiler} is needed to test the kernels (CXX names another): {error}")
            });
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the kernels do not compile: {log}");
        // SAFETY: the library's initialisers only set up memory of its own.
        unsafe { Library::new(object) }.unwrap()
    })
}

/// The program between what the tests put before and after it.
fn host_program() -> String {
    let entries: String = Kernel::ALL
        .iter()
        .map(|kernel| {
            let name = kernel.name();
            let arguments = format!("decltype(host::arguments_of({name}))");
            format!("{{\"{name}\", host::call<{arguments}, {name}>, sizeof({arguments})}},\n")
        })
        .collect();
    let entries =
        format!("\nnamespace host {{ static const Entry ENTRIES[] = {{\n{entries}}}; }}\n");
    [
        include_str!("host.hpp"),
        &program(),
        &entries,
        include_str!("launch.hpp"),
    ]
    .concat()
}

/// The processor as a device.
#[derive(Debug)]
pub struct Host {
    /// In which order threads and blocks run: 0 and 1 are forward and backward, others are shuffles.
    pub order: u64,
}

/// Bytes before and after memory that nothing may touch, and what is in them.
const GUARD_WORDS: usize = 16;
const GUARD: u128 = 0xabab_abab_abab_abab_abab_abab_abab_abab;

/// Memory of the processor, aligned as that of GPUs is, between guards. The kernels write through its address
/// while Rust has no reference to it.
#[derive(Debug)]
struct HostMemory {
    first: *mut u128,
    words: usize,
    bytes: usize,
}

// SAFETY: it is a block of bytes that belongs to this object alone.
unsafe impl Send for HostMemory {}

impl HostMemory {
    fn new(bytes: usize) -> Self {
        let words = bytes.div_ceil(16);
        let mut block = vec![GUARD; words + 2 * GUARD_WORDS].into_boxed_slice();
        block[GUARD_WORDS..GUARD_WORDS + words].fill(0);
        // What fills the last word is a guard, too.
        let memory = Self {
            first: Box::into_raw(block).cast(),
            words,
            bytes,
        };
        let rest = words * 16 - bytes;
        // SAFETY: these are the last bytes of the last word.
        unsafe { memory.data().add(bytes).write_bytes(0xab, rest) };
        memory
    }

    fn data(&self) -> *mut u8 {
        // SAFETY: the data begins behind the first guard.
        unsafe { self.first.add(GUARD_WORDS) }.cast()
    }

    fn guards_are_whole(&self) -> bool {
        let before = self.first.cast::<u8>();
        let length = (self.words + 2 * GUARD_WORDS) * 16;
        // SAFETY: these are all bytes of the block but the data.
        let guarded = |at: usize| unsafe { before.add(at).read() } == 0xab;
        let data = GUARD_WORDS * 16;
        (0..data).chain(data + self.bytes..length).all(guarded)
    }
}

impl Drop for HostMemory {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.guards_are_whole(), "a kernel wrote beyond its memory");
        }
        let length = self.words + 2 * GUARD_WORDS;
        let block = std::ptr::slice_from_raw_parts_mut(self.first, length);
        // SAFETY: the block came from a box of this length.
        drop(unsafe { Box::from_raw(block) });
    }
}

impl Memory for HostMemory {
    fn address(&self) -> u64 {
        self.data() as u64
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), DeviceError> {
        assert!(offset + bytes.len() <= self.bytes);
        // SAFETY: the bytes are inside the data.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.data().add(offset), bytes.len())
        };
        Ok(())
    }

    fn read(&self, offset: usize, bytes: &mut [u8]) -> Result<(), DeviceError> {
        assert!(offset + bytes.len() <= self.bytes);
        // SAFETY: the bytes are inside the data.
        unsafe {
            std::ptr::copy_nonoverlapping(self.data().add(offset), bytes.as_mut_ptr(), bytes.len())
        };
        Ok(())
    }
}

impl Device for Host {
    fn describe(&self) -> String {
        format!("the processor, order {}", self.order)
    }

    fn allocate(&self, bytes: usize) -> Result<Box<dyn Memory>, DeviceError> {
        Ok(Box::new(HostMemory::new(bytes)))
    }

    fn launch(&self, launch: &Launch) -> Result<(), DeviceError> {
        let name = CString::new(launch.kernel().name()).unwrap();
        let arguments = launch.arguments();
        // SAFETY: the function has this type; the arguments are as many as it says, and the library compares
        // that with what the kernel takes. Buffers are as long as the kernel needs: `Launch` is made so.
        let status = unsafe {
            let function = library().get::<HostLaunch>(b"host_launch").unwrap();
            function(
                name.as_ptr(),
                launch.grid().as_ptr(),
                launch.threads(),
                arguments.as_ptr().cast(),
                size_of_val(arguments),
                self.order,
            )
        };
        let reason = match status {
            0 => return Ok(()),
            1 => "no such kernel",
            2 => "other arguments than the kernel takes",
            3 => "not whole warps",
            _ => "threads wait for each other for ever",
        };
        Err(DeviceError::Failed {
            action: format!("launch {launch:?}"),
            reason: reason.into(),
        })
    }
}
