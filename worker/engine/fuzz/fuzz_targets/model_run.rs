//! Models of any content: whatever the numbers, a run ends, its replay by the engine and the portable
//! one have the same digest, and a claim about its trace holds. All arithmetic is checked here.
#![no_main]

use aipg_engine::{file::MAGIC, Blake2b256, Model, Sampler};
use aipg_exact::{
    commitment::{scale_root, table_root, weight_root},
    header::{input, model, ModelHeader, HEADER_LENGTH, SEMANTICS_VERSION, TEMPLATE_DENSE_DECODER},
    layout::section_lengths,
    trace::{claims, Replay, Sections, Tensor},
};
use libfuzzer_sys::fuzz_target;

/// A section whose bytes are `content` over and over.
fn section(length: u64, content: &[u8]) -> Vec<u8> {
    content
        .iter()
        .copied()
        .cycle()
        .take(length as usize)
        .collect()
}

/// A valid header with fitting roots and its sections.
struct Made {
    header: ModelHeader,
    scales: Vec<u8>,
    tables: Vec<u8>,
    weights: Vec<u8>,
}

/// The input chooses shape, flags and content.
fn made(shape: &[u8; 20], content: [&[u8]; 3]) -> Option<Made> {
    let small = |index: usize, most: u8| u32::from(shape[index] % most) + 1;
    let model_flags = u32::from(shape[16]);
    let rotated = shape[15] & 1 != 0;
    let tied = model_flags & model::TIED_EMBEDDING != 0;
    let groups = small(2, 2);
    let context = 2 + small(6, 10);
    let window = u32::from(shape[18]) % (context + 1);
    let numbers = [
        SEMANTICS_VERSION,
        TEMPLATE_DENSE_DECODER,
        if rotated { 64 } else { small(0, 40) },
        1,
        groups * small(1, 2),
        groups,
        2 * small(3, 6),
        small(4, 40),
        small(5, 12),
        context,
        1 + (u32::from_le_bytes([shape[7], shape[8], shape[9], shape[10]]) >> 4),
        1 + (u32::from_le_bytes([shape[11], shape[12], shape[13], shape[7]]) >> 2),
        model_flags,
        u32::from(rotated && !tied) | u32::from(shape[19] & 2),
        window,
    ];
    let mut bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    bytes.resize(HEADER_LENGTH, 0);
    bytes[60] = if rotated { 0b101 } else { 0 } | (shape[17] & input::WIDE);
    bytes[188] = 2 + shape[14] % 15;
    bytes[316] = u8::from(window != 0);
    let mut header = ModelHeader::decode(&bytes).ok()?;
    let lengths = section_lengths(&header);
    let scales = section(lengths.scales, content[0]);
    let tables = section(lengths.tables, content[1]);
    let weights = section(lengths.weights, content[2]);
    header.scales = scale_root::<Blake2b256>(&scales);
    header.tables = table_root::<Blake2b256>(&tables);
    header.weights = weight_root::<Blake2b256>(&header, &weights);
    Some(Made {
        header,
        scales,
        tables,
        weights,
    })
}

impl Made {
    fn engine(&self) -> Model {
        let root = self.header.root::<Blake2b256>();
        let header = self.header.encode();
        let sections: [&[u8]; 3] = [&self.scales, &self.tables, &self.weights];
        let file = [&MAGIC[..], &root, &header, &sections.concat()].concat();
        Model::from_bytes(&file).expect("a committed model loads")
    }

    /// The portable replay of an answer; a claim about each tensor's leaf of number `index` holds.
    fn replay(&self, prompt: &[u32], output: &[u32], index: u64) -> [u8; 32] {
        let sections = Sections {
            scales: &self.scales,
            tables: &self.tables,
            weights: &self.weights,
        };
        let replay = Replay::new(&self.header, sections, prompt, None)
            .and_then(|replay| replay.teacher_force(output))
            .expect("the job fits");
        let job = replay.job();
        for tensor in Tensor::all(&self.header) {
            let index = index % tensor.leaves(&job);
            let claims = claims(&job, tensor, index);
            let claim = claims.first().expect("a leaf makes claims");
            let spans = claim.reveals(&job, &replay).expect("the trace is whole");
            let values = replay.reveal(&spans);
            claim
                .check(&job, &values, &replay)
                .expect("an honest trace holds");
        }
        replay.root::<Blake2b256>(Tensor::last(&self.header))
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((shape, content)) = data.split_first_chunk::<20>() else {
        return;
    };
    if content.len() < 3 {
        return;
    }
    let (scales, rest) = content.split_at(content.len() / 2);
    let (tables, weights) = rest.split_at(rest.len() / 2);
    if [scales, tables, weights].iter().any(|part| part.is_empty()) {
        return;
    }
    let made = made(shape, [scales, tables, weights]).expect("the header is in range");
    let model = made.engine();
    let prompt = [u32::from(shape[0]) % model.header().vocabulary];
    let most = model.header().max_context - 1;
    let run = model
        .generate(&prompt, most, &[], &Sampler::GREEDY, &mut |_| ())
        .expect("the job fits");
    let digest = model.replay(&prompt, &run.tokens, &Sampler::GREEDY);
    assert_eq!(digest, Ok(run.digest));
    let portable = made.replay(&prompt, &run.tokens, shape[19].into());
    assert_eq!(portable, run.digest);
});
