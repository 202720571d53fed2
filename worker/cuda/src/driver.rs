//! NVIDIA GPUs: which there are, and the kernels on one of them.
//!
//! The driver and the compiler (NVRTC) are loaded at run time, so a program with this module needs neither to
//! be built nor to start. All of what follows is as thin as it can be: what runs above a [`Device`] is tested
//! without a GPU.
#![expect(unsafe_code, reason = "a driver's interface is a foreign one")]

use crate::{
    device::{Device, DeviceError, Kernel, Launch, Memory},
    source::{program, PRELUDE},
};
use cudarc::{
    driver::{
        result,
        sys::{self, CUresult},
        CudaContext, CudaFunction, CudaSlice, CudaStream, DevicePtrMut, DriverError,
    },
    nvrtc::{self, Ptx},
};
use std::{ffi::CString, fmt, sync::Arc, time::Instant};
use thiserror::Error;

/// Oldest compute capability that has the byte products of the kernels.
const OLDEST_CAPABILITY: (i32, i32) = (6, 1);

/// Why there is no GPU to compute on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Absence {
    /// The driver's library is not there.
    #[error("NoCudaDriver: libcuda was not found; this machine has no NVIDIA driver")]
    NoDriver,
    /// The compiler's library is not there.
    #[error("NoCudaCompiler: libnvrtc was not found; it is part of the CUDA toolkit and of the PyPI package nvidia-cuda-nvrtc-cu12")]
    NoCompiler,
    /// The driver is there and does not work.
    #[error("CudaDriverFailed: {0}")]
    DriverFailed(String),
    /// The driver knows no device.
    #[error("NoCudaDevice: the driver {0} sees no device")]
    NoDevice(Version),
}

/// A version of CUDA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Before the dot.
    pub major: i32,
    /// Behind it.
    pub minor: i32,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CUDA {}.{}", self.major, self.minor)
    }
}

/// A GPU that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub ordinal: usize,
    /// Its name.
    pub name: String,
    /// Its compute capability.
    pub capability: (i32, i32),
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of it that nobody used when it was found.
    pub free: u64,
    /// Newest CUDA that the driver takes.
    pub driver: Version,
    /// CUDA of the compiler.
    pub compiler: Version,
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.capability;
        write!(
            formatter,
            "GPU {}: {}, compute capability {major}.{minor}, {} MiB of which {} are free, driver of {}, compiler of {}",
            self.ordinal,
            self.name,
            self.memory >> 20,
            self.free >> 20,
            self.driver,
            self.compiler
        )
    }
}

fn failed(action: impl Into<String>) -> impl FnOnce(DriverError) -> DeviceError {
    let action = action.into();
    move |error| DeviceError::Failed {
        action,
        reason: error.to_string(),
    }
}

/// All GPUs that can run the kernels; those too old for them are left out.
///
/// # Errors
/// [`Absence`] says why there is none.
pub fn discover() -> Result<Vec<Found>, Absence> {
    // SAFETY: these only try to load the libraries, which have no requirements on who does.
    let (driver, compiler) = unsafe { (sys::is_culib_present(), nvrtc::sys::is_culib_present()) };
    if !driver {
        return Err(Absence::NoDriver);
    }
    let driver_failed = |error: DriverError| Absence::DriverFailed(error.to_string());
    let mut version = 0;
    // SAFETY: the driver's library is there, and it writes one integer.
    let status = unsafe { sys::cuDriverGetVersion(&raw mut version) };
    status.result().map_err(driver_failed)?;
    let driver = Version {
        major: version / 1000,
        minor: version % 1000 / 10,
    };
    let count = match result::init().and_then(|()| result::device::get_count()) {
        Err(DriverError(CUresult::CUDA_ERROR_NO_DEVICE)) | Ok(0) => {
            return Err(Absence::NoDevice(driver))
        }
        other => other.map_err(driver_failed)?,
    };
    if !compiler {
        return Err(Absence::NoCompiler);
    }
    let compiler = compiler_version().ok_or(Absence::NoCompiler)?;
    let mut found = Vec::new();
    for ordinal in 0..usize::try_from(count).unwrap_or(0) {
        let context = CudaContext::new(ordinal).map_err(driver_failed)?;
        let (free, memory) = context.mem_get_info().map_err(driver_failed)?;
        found.push(Found {
            ordinal,
            name: context.name().map_err(driver_failed)?,
            capability: context.compute_capability().map_err(driver_failed)?,
            memory: memory as u64,
            free: free as u64,
            driver,
            compiler,
        });
    }
    found.retain(|gpu| gpu.capability >= OLDEST_CAPABILITY);
    if found.is_empty() {
        return Err(Absence::NoDevice(driver));
    }
    Ok(found)
}

/// Version of the compiler, if it is there.
pub fn compiler_version() -> Option<Version> {
    // SAFETY: the first call tries to load the library, the second is made if it is there and writes two
    // integers.
    unsafe {
        if !nvrtc::sys::is_culib_present() {
            return None;
        }
        let (mut major, mut minor) = (0, 0);
        let status = nvrtc::sys::nvrtcVersion(&raw mut major, &raw mut minor);
        status.result().ok()?;
        Some(Version { major, minor })
    }
}

/// Architectures that the compiler knows, such as 90; none if it is not there.
pub fn compiler_architectures() -> Vec<i32> {
    if compiler_version().is_none() {
        return Vec::new();
    }
    let mut count = 0;
    // SAFETY: the library is there; it writes one integer, then as many as that says.
    unsafe {
        let status = nvrtc::sys::nvrtcGetNumSupportedArchs(&raw mut count);
        if status.result().is_err() {
            return Vec::new();
        }
        let mut architectures = vec![0; usize::try_from(count).unwrap_or(0)];
        let status = nvrtc::sys::nvrtcGetSupportedArchs(architectures.as_mut_ptr());
        status
            .result()
            .map_or_else(|_| Vec::new(), |()| architectures)
    }
}

/// The kernels as machine code for an architecture such as 90. The compiler has to be there.
///
/// # Errors
/// [`DeviceError::Compile`] with the compiler's log.
pub fn compile(architecture: i32) -> Result<Vec<u8>, DeviceError> {
    let refused = |error: nvrtc::result::NvrtcError| DeviceError::Compile(format!("{error:?}"));
    if compiler_version().is_none() {
        return Err(DeviceError::Compile("the compiler is not there".into()));
    }
    let source = CString::new(format!("{PRELUDE}{}", program()))
        .map_err(|error| DeviceError::Compile(error.to_string()))?;
    let program = nvrtc::result::create_program(&source, Some(c"aipg.cu")).map_err(refused)?;
    let options = [format!("--gpu-architecture=sm_{architecture}")];
    // SAFETY: the program was just created and is destroyed once, at the end; the code is read into as many
    // bytes as the compiler says it has.
    unsafe {
        let compiled = nvrtc::result::compile_program(program, &options).map_err(|error| {
            let log = nvrtc::result::get_program_log(program).unwrap_or_default();
            let log: Vec<u8> = log.into_iter().map(|byte| byte as u8).collect();
            let log = String::from_utf8_lossy(&log).into_owned();
            DeviceError::Compile(format!("{error:?} for sm_{architecture}: {log}"))
        });
        let code = compiled.and_then(|()| {
            let mut length = 0;
            let status = nvrtc::sys::nvrtcGetCUBINSize(program, &raw mut length);
            status.result().map_err(refused)?;
            let mut code = vec![0u8; length];
            let status = nvrtc::sys::nvrtcGetCUBIN(program, code.as_mut_ptr().cast());
            status.result().map_err(refused)?;
            Ok(code)
        });
        nvrtc::result::destroy_program(program).map_err(refused)?;
        code
    }
}

/// A GPU with the kernels on it.
#[derive(Debug)]
pub struct Gpu {
    found: Found,
    stream: Arc<CudaStream>,
    functions: Vec<CudaFunction>,
}

impl Gpu {
    /// Compiles the kernels for a GPU and loads them.
    ///
    /// # Errors
    /// [`DeviceError`] if the compiler does not know this GPU, or the driver refuses.
    pub fn open(found: &Found) -> Result<Self, DeviceError> {
        let context = CudaContext::new(found.ordinal).map_err(failed("open"))?;
        let (major, minor) = found.capability;
        let code = compile(10 * major + minor)?;
        let module = context
            .load_module(Ptx::from_binary(code))
            .map_err(failed("load the kernels"))?;
        let functions = Kernel::ALL.map(|kernel| module.load_function(kernel.name()));
        Ok(Self {
            found: found.clone(),
            stream: context.default_stream(),
            functions: functions
                .into_iter()
                .collect::<Result<_, _>>()
                .map_err(failed("find the kernels"))?,
        })
    }

    /// Waits for all that was launched.
    ///
    /// # Errors
    /// [`DeviceError::Failed`] if something of it failed.
    pub fn synchronise(&self) -> Result<(), DeviceError> {
        self.stream.synchronize().map_err(failed("synchronise"))
    }

    /// Bytes a second that copies of `bytes` on the device read and write together.
    ///
    /// # Errors
    /// [`DeviceError::Failed`], also if twice as much does not fit.
    pub fn copy_bandwidth(&self, bytes: usize, rounds: u32) -> Result<f64, DeviceError> {
        let zeros = || self.stream.alloc_zeros::<u8>(bytes);
        let source = zeros().map_err(failed("allocate"))?;
        let mut target = zeros().map_err(failed("allocate"))?;
        let mut copy = || {
            let copied = self.stream.memcpy_dtod(&source, &mut target);
            copied.map_err(failed("copy on the device"))
        };
        copy()?;
        self.synchronise()?;
        let started = Instant::now();
        for _ in 0..rounds {
            copy()?;
        }
        self.synchronise()?;
        let moved = 2.0 * bytes as f64 * f64::from(rounds);
        Ok(moved / started.elapsed().as_secs_f64())
    }
}

/// Memory of a GPU.
#[derive(Debug)]
struct GpuMemory {
    stream: Arc<CudaStream>,
    slice: CudaSlice<u8>,
    address: u64,
}

impl Memory for GpuMemory {
    fn address(&self) -> u64 {
        self.address
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), DeviceError> {
        let mut target = self.slice.slice_mut(offset..offset + bytes.len());
        self.stream
            .memcpy_htod(bytes, &mut target)
            .and_then(|()| self.stream.synchronize())
            .map_err(failed("copy to the device"))
    }

    fn read(&self, offset: usize, bytes: &mut [u8]) -> Result<(), DeviceError> {
        let source = self.slice.slice(offset..offset + bytes.len());
        self.stream
            .memcpy_dtoh(&source, bytes)
            .and_then(|()| self.stream.synchronize())
            .map_err(failed("copy from the device"))
    }
}

impl Device for Gpu {
    fn describe(&self) -> String {
        self.found.to_string()
    }

    fn allocate(&self, bytes: usize) -> Result<Box<dyn Memory>, DeviceError> {
        let mut slice =
            self.stream
                .alloc_zeros::<u8>(bytes)
                .map_err(|error| DeviceError::OutOfMemory {
                    bytes,
                    reason: error.to_string(),
                })?;
        // One stream does everything in order, so no access needs to be announced.
        let address = slice.device_ptr_mut(&self.stream).0;
        Ok(Box::new(GpuMemory {
            stream: self.stream.clone(),
            slice,
            address,
        }))
    }

    fn launch(&self, launch: &Launch) -> Result<(), DeviceError> {
        let kernel = launch.kernel();
        let action = || format!("launch {}", kernel.name());
        let function = Kernel::ALL
            .iter()
            .position(|&known| known == kernel)
            .and_then(|index| self.functions.get(index))
            .ok_or_else(|| failed(action())(DriverError(CUresult::CUDA_ERROR_NOT_FOUND)))?;
        let context = self.stream.context();
        context.bind_to_thread().map_err(failed(action()))?;
        let [x, y, z] = launch.grid();
        let arguments: *const u64 = launch.arguments().as_ptr();
        let mut parameters = [arguments.cast_mut().cast()];
        // SAFETY: the function is one of a module that lives as long. Its one parameter is a structure of
        // fields of eight bytes, which the launch has all of, and the driver copies it before it returns.
        // The buffers that the fields point to were as long as the kernel needs when the launch was made;
        // they are freed on this stream, thus after it.
        let launched = unsafe {
            result::launch_kernel(
                function.cu_function(),
                (x, y, z),
                (launch.threads(), 1, 1),
                0,
                self.stream.cu_stream(),
                &mut parameters,
            )
        };
        launched.map_err(failed(action()))
    }
}
