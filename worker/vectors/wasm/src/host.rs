//! What the executor and a blob agree on: memory comes from the host, a call gets one piece of bytes and gives one
//! back. The runtime has the same from `sp-io` and `sp-api`, which would be most of what this blob compiles.
#![allow(unsafe_code)]

extern crate alloc;

use crate::blob;
use alloc::{string::ToString, vec::Vec};
use core::{
    alloc::{GlobalAlloc, Layout},
    panic::PanicInfo,
};

#[link(wasm_import_module = "env")]
extern "C" {
    fn ext_allocator_malloc_version_1(size: u32) -> *mut u8;
    fn ext_allocator_free_version_1(pointer: *mut u8);
    fn ext_panic_handler_abort_on_panic_version_1(message: u64);
}

struct HostMemory;

// SAFETY: the host gives out pieces of the linear memory that do not overlap, aligned to 8 bytes, which is enough
// for every type here, and takes them back one by one.
unsafe impl GlobalAlloc for HostMemory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ext_allocator_malloc_version_1(layout.size() as u32)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, _: Layout) {
        ext_allocator_free_version_1(pointer);
    }
}

#[global_allocator]
static MEMORY: HostMemory = HostMemory;

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let message = info.to_string().into_bytes();
    // SAFETY: the host reads the message and does not return.
    unsafe { ext_panic_handler_abort_on_panic_version_1(packed(&message)) };
    core::arch::wasm32::unreachable()
}

/// Where bytes begin, and how many in the upper half.
fn packed(bytes: &[u8]) -> u64 {
    bytes.as_ptr() as u64 | (bytes.len() as u64) << 32
}

/// Hands the input of a call to `work` and what that gives to the host, which reads it before it drops the memory.
///
/// # Safety
/// `input` and `length` are those of a call.
unsafe fn call(input: *const u8, length: usize, work: fn(&[u8]) -> Vec<u8>) -> u64 {
    packed(work(core::slice::from_raw_parts(input, length)).leak())
}

/// See [`blob::answer_digests`].
#[no_mangle]
extern "C" fn answer_digests(input: *const u8, length: usize) -> u64 {
    // SAFETY: the executor calls this with its input.
    unsafe { call(input, length, blob::answer_digests) }
}

/// See [`blob::inner_products`].
#[no_mangle]
extern "C" fn inner_products(input: *const u8, length: usize) -> u64 {
    // SAFETY: the executor calls this with its input.
    unsafe { call(input, length, blob::inner_products) }
}
