//! Claims decided on leaves and values of any content, as a liar may commit and reveal them: the chain
//! executes this, so it must never panic.
#![no_main]

use aipg_exact::{
    header::{model, ModelHeader, HEADER_LENGTH, SEMANTICS_VERSION, TEMPLATE_DENSE_DECODER},
    sampling::Parameters,
    trace::{claims, Claim, Inputs, Job, Leaf, Sampling, Tensor},
};
use libfuzzer_sys::fuzz_target;
use std::borrow::Cow;

/// Leaves of the right length, or one byte more or less, filled from the input.
struct Committed<'a> {
    header: &'a ModelHeader,
    content: &'a [u8],
    off: i64,
}

impl Inputs for Committed<'_> {
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
        let (length, start) = match leaf {
            Leaf::Scales(index) | Leaf::Tables(index) => (1024, index),
            Leaf::Weights(index) => (4096, index),
            Leaf::Prompt(index) | Leaf::Output(index) => (256, index),
            Leaf::Trace(tensor, index) => {
                let elements = tensor.elements(self.header);
                let leaf = index % elements.leaves() as u64;
                let length = elements.leaf_bytes(leaf as usize) as i64 + self.off;
                (length.max(0) as usize, index ^ tensor.number(self.header))
            }
        };
        let skipped = start as usize % self.content.len();
        let bytes = self.content.iter().cycle().skip(skipped).take(length);
        Some(Cow::Owned(bytes.copied().collect()))
    }
}

fn header(shape: &[u8; 16]) -> Option<ModelHeader> {
    let small = |index: usize, most: u8| u32::from(shape[index] % most) + 1;
    let rotated = shape[0] & 1 != 0;
    let groups = small(2, 3);
    let flags = u32::from(shape[3]);
    let tied = flags & model::TIED_EMBEDDING != 0;
    let numbers = [
        SEMANTICS_VERSION,
        TEMPLATE_DENSE_DECODER,
        if rotated { 320 } else { 200 + small(1, 200) },
        2,
        groups * small(4, 3),
        groups,
        2 * small(5, 40),
        if rotated { 192 } else { small(6, 200) },
        small(7, 200),
        40,
        1 << (shape[8] % 29),
        1 << (shape[9] % 31),
        flags,
        u32::from(rotated && !tied) | u32::from(shape[10] & 2),
        0,
    ];
    let mut bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    bytes.resize(HEADER_LENGTH, 0);
    let rotations = if rotated { 0b1101 } else { 0 };
    bytes[60..62].fill(rotations | (shape[11] & 0xf0));
    bytes[188..190].fill(2 + shape[12] % 15);
    ModelHeader::decode(&bytes).ok()
}

fuzz_target!(|data: &[u8]| {
    let Some((shape, content)) = data.split_first_chunk::<16>() else {
        return;
    };
    let (Some(header), false) = (header(shape), content.is_empty()) else {
        return;
    };
    let parameters = Parameters {
        beta: 1 + u32::from(shape[13]) * 4096,
        top_k: u32::from(shape[13] % 64),
        top_p: 1 + u32::from(shape[14]) * 257,
        min_p: (shape[14] & 1 != 0).then_some(u32::from(shape[13]) << 12),
    };
    let job = Job {
        header: &header,
        prompt: 20,
        output: 10,
        sampling: (shape[15] & 1 != 0).then_some(Sampling {
            parameters,
            key: [7, 8],
        }),
    };
    let inputs = Committed {
        header: &header,
        content,
        off: i64::from(shape[15] >> 1 & 3 == 3) - i64::from(shape[15] >> 1 & 3 == 2),
    };
    let mut numbers = content.iter().copied().cycle();
    let mut number = || {
        let bytes = [(); 8].map(|()| numbers.next().unwrap_or(0));
        i64::from_le_bytes(bytes) >> (bytes[7] & 63)
    };
    for tensor in Tensor::all(&header) {
        let index = number().unsigned_abs() % tensor.leaves(&job);
        for mut claim in claims(&job, tensor, index).into_iter().take(6) {
            while let Ok(spans) = claim.reveals(&job, &inputs) {
                let values: Vec<i64> = spans.iter().map(|_| number()).collect();
                let children = claim.check(&job, &values, &inputs);
                let child = children.ok().and_then(|children| children.last().copied());
                let follow = spans.last().map(|&(sum, first, count)| Claim::Terms {
                    sum,
                    first,
                    count,
                    value: number(),
                });
                match child.or(follow) {
                    Some(next) => claim = next,
                    None => break,
                }
            }
        }
    }
});
