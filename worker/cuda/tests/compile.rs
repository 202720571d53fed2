//! The kernels in the hands of NVIDIA's compiler, where it is: `scripts/cuda` fetches it.

use aipg_cuda::{
    device::Kernel,
    driver::{compile, compiler_architectures, compiler_version, discover},
};

/// Turing, Ampere, Ada, Hopper, Blackwell.
const ARCHITECTURES: [i32; 5] = [75, 80, 89, 90, 100];

#[test]
fn kernels_should_compile_for_every_architecture() {
    let Some(version) = compiler_version() else {
        // The script that fetches the compiler wants no silence.
        assert!(std::env::var_os("AIPG_NVRTC_REQUIRED").is_none());
        eprintln!("skipped: libnvrtc was not found; scripts/cuda fetches it and runs this test");
        return;
    };
    let known = compiler_architectures();
    assert!(known.contains(&90), "{version} knows {known:?}");
    for architecture in ARCHITECTURES {
        if !known.contains(&architecture) {
            eprintln!("skipped sm_{architecture}: {version} does not know it");
            continue;
        }
        let code = compile(architecture).unwrap_or_else(|error| panic!("{error}"));
        for kernel in Kernel::ALL {
            let name = kernel.name().as_bytes();
            let found = code.windows(name.len()).any(|window| window == name);
            assert!(found, "sm_{architecture} lacks {}", kernel.name());
        }
        eprintln!("{version}: {} bytes for sm_{architecture}", code.len());
    }
}

#[test]
fn discovery_should_name_what_it_finds_or_misses() {
    match discover() {
        Ok(found) => {
            assert!(!found.is_empty());
            found.iter().for_each(|gpu| eprintln!("{gpu}"));
        }
        Err(absence) => {
            // The first word is a name that can be looked up.
            let text = absence.to_string();
            let name = text.split(':').next().unwrap_or_default();
            assert!(name.chars().all(char::is_alphanumeric), "{text}");
            eprintln!("{text}");
        }
    }
}
