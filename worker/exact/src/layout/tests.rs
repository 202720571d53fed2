use super::*;
use crate::{
    header::Picture,
    testing::{small_header, small_picture_header},
};

#[test]
fn weight_tensors_should_follow_the_order_of_commitment() {
    let header = small_header();
    let tensors: Vec<_> = weight_tensors(&header).collect();
    let weights: Vec<_> = tensors.iter().map(|tensor| tensor.weight).collect();
    use Weight::*;
    assert_eq!(
        weights,
        [
            Embedding,
            Query,
            Key,
            Value,
            AttentionOutput,
            Gate,
            Up,
            Down,
            Query,
            Key,
            Value,
            AttentionOutput,
            Gate,
            Up,
            Down,
            Output
        ]
    );
    // d = 64, 4 heads and 2 key-value heads of 32, feed-forward 192, vocabulary 40.
    let shape = |index: usize| (tensors[index].rows, tensors[index].columns);
    assert_eq!(shape(0), (40, 64));
    assert_eq!(
        (shape(1), shape(2), shape(4)),
        ((128, 64), (64, 64), (64, 128))
    );
    assert_eq!((shape(5), shape(7)), ((192, 64), (64, 192)));
    assert_eq!(tensors[8].layer, 1);
}

#[test]
fn section_lengths_should_add_up() {
    let lengths = section_lengths(&small_header());
    let layer = 128 * 64 + 2 * 64 * 64 + 64 * 128 + 3 * 64 * 192;
    assert_eq!(lengths.weights, 2 * layer + 2 * 40 * 64);
    let multipliers = 128 + 64 + 64 + 64 + 192 + 192 + 64;
    let scales = 40 * 4 + 2 * (7 * 2 + multipliers * 2) + (2 + 40 * 2) + 5 * 64 * 4;
    assert_eq!(lengths.scales, scales);
    assert_eq!(lengths.tables, 100 * 16 * 2 * 2);
}

#[test]
fn section_lengths_should_count_what_the_flags_add() {
    let plain = section_lengths(&small_header());
    let with = |flags| {
        let header = ModelHeader {
            model_flags: flags,
            ..small_header()
        };
        let lengths = section_lengths(&header);
        (
            lengths.scales as i64 - plain.scales as i64,
            lengths.weights as i64 - plain.weights as i64,
        )
    };
    // Two layers; biases, gains are i32.
    assert_eq!(with(model::TIED_EMBEDDING), (0, -40 * 64));
    assert_eq!(with(model::ATTENTION_BIAS), (2 * 4 * (128 + 64 + 64), 0));
    assert_eq!(with(model::ATTENTION_OUTPUT_BIAS), (2 * 4 * 64, 0));
    assert_eq!(
        with(model::FEED_FORWARD_BIAS),
        (2 * 4 * (192 + 192 + 64), 0)
    );
    assert_eq!(with(model::LAYER_NORM), (4 * 5 * 64, 0));
    assert_eq!(with(model::GELU), (0, 0));
    assert_eq!(with(model::UNGATED), (-2 * (2 + 2 * 192), -2 * 192 * 64));
    assert_eq!(
        with(model::UNGATED | model::FEED_FORWARD_BIAS).0,
        -2 * (2 + 2 * 192) + 2 * 4 * (192 + 64)
    );
    assert_eq!(with(model::HEAD_NORM), (2 * 2 * 4 * 32, 0));
}

#[test]
fn tensors_should_follow_the_model_flags() {
    let mut header = small_header();
    header.model_flags = model::ALL & !model::ATTENTION_OUTPUT_BIAS;
    header.input_flags[0] = input::DOWN << input::WIDE_SHIFT;
    header.output_flags = output::WIDE;
    let names = |chosen: fn(&WeightTensor) -> bool| {
        let tensors = weight_tensors(&header).filter(chosen);
        tensors
            .map(|tensor| (tensor.weight, tensor.layer))
            .collect::<Vec<_>>()
    };
    use Weight::{Down, Gate, Key, Output, Query, Up, Value};
    assert_eq!(names(|tensor| tensor.weight == Gate), []);
    assert_eq!(names(|tensor| tensor.input.wide), [(Down, 0), (Output, 0)]);
    assert_eq!(names(|tensor| tensor.tied), [(Output, 0)]);
    let biased = [Query, Key, Value, Up, Down];
    let biased: Vec<_> = [0, 1]
        .into_iter()
        .flat_map(|layer| biased.map(|weight| (weight, layer)))
        .collect();
    assert_eq!(names(|tensor| tensor.biased), biased);
}

#[test]
fn rotated_should_follow_the_flags() {
    let mut header = small_header();
    header.input_flags[1] = input::DOWN | input::ATTENTION;
    header.output_flags = output::HADAMARD;
    let rotated: Vec<_> = weight_tensors(&header)
        .filter(|tensor| tensor.input.rotated)
        .map(|tensor| (tensor.weight, tensor.layer))
        .collect();
    assert_eq!(
        rotated,
        [
            (Weight::Query, 1),
            (Weight::Key, 1),
            (Weight::Value, 1),
            (Weight::Down, 1),
            (Weight::Output, 0)
        ]
    );
}

#[test]
fn picture_model_should_have_its_tensors_and_a_list_of_norms_for_each_step() {
    let mut header = small_picture_header();
    let tensors: Vec<_> = weight_tensors(&header).collect();
    let shape = |index: usize| {
        let tensor: &WeightTensor = &tensors[index];
        (tensor.weight, tensor.rows, tensor.columns)
    };
    // A vocabulary of 256 and eight patches of 48 values.
    assert_eq!(shape(0), (Weight::Embedding, 256 + 8, 64));
    assert_eq!(shape(1), (Weight::Patch, 64, 48));
    assert_eq!(shape(2), (Weight::Query, 128, 64));
    assert_eq!(shape(tensors.len() - 1), (Weight::Output, 48, 64));
    assert_eq!(tensors.len(), 1 + 1 + 2 * 7 + 1);

    let lengths = section_lengths(&header);
    let layer = 128 * 64 + 2 * 64 * 64 + 64 * 128 + 3 * 64 * 192;
    assert_eq!(lengths.weights, 264 * 64 + 64 * 48 + 2 * layer + 48 * 64);
    let multipliers = 128 + 64 + 64 + 64 + 192 + 192 + 64;
    let norms = 5 * 64 * 4;
    let matrices = 264 * 4 + (2 + 64 * 2) + 2 * (7 * 2 + multipliers * 2) + (2 + 48 * 2);
    assert_eq!(lengths.scales, matrices + 3 * norms);
    assert_eq!(lengths.tables, 20 * 16 * 2 * 2 + 3 * 8);
    assert_eq!(move_place(&header, 2), 20 * 16 * 2 * 2 + 2 * 8);
    for (step, norm) in [(0, 0), (1, norms), (2, 2 * norms)] {
        // Pass s·L + l is that of step s through layer l.
        let place = norm_place(&header, Norm::Attention(2 * step));
        assert_eq!(place, matrices + norm);
        let second = norm_place(&header, Norm::FeedForward(2 * step + 1));
        assert_eq!(second, place + 3 * 64 * 4);
        let last = norm_place(&header, Norm::Step(step));
        assert_eq!(last, place + norms - 64 * 4);
    }
    assert_eq!(passes(&header), 6);
    let query = |layer| place(&header, Weight::Query, layer);
    assert_eq!((query(4), query(5)), (query(0), query(1)));
    assert_eq!(query(6), None);
    assert_ne!(query(0), query(1));
    let output = |step| place(&header, Weight::Output, step);
    assert_eq!(output(2), output(0));
    assert_eq!(output(3), None);
    assert_eq!(place(&small_header(), Weight::Query, 2), None);
    let end = places(&header).last().map(|place| place.multiplier(48));
    assert_eq!(end, Some(norm_place(&header, Norm::Attention(0))));

    let picture = Picture {
        flags: patch::WIDE,
        ..header.picture().unwrap()
    };
    header.set_picture(&picture);
    let wide: Vec<_> = weight_tensors(&header)
        .filter(|tensor| tensor.input.wide)
        .map(|tensor| tensor.weight)
        .collect();
    assert_eq!(wide, [Weight::Patch]);
}
