//! Tensors of pictures among the roots of their traces.

use crate::{
    testing::{picture_shapes, Blake, Model},
    trace::{trace_root, Part, Tensor, TensorProof},
};

#[test]
fn every_tensor_of_a_picture_should_be_proven_from_its_root() {
    for (seed, shape) in (1..).zip(picture_shapes()) {
        let model = Model::random::<Blake>(shape, seed);
        let replay = model.paint::<Blake>(&[5, 259, 7], 7);
        let header = replay.job().header;
        let roots = replay.tensor_roots::<Blake>();
        let trace = trace_root::<Blake>(&roots);
        let proof = |tensor| TensorProof::new::<Blake>(header, &roots, tensor).unwrap();
        for tensor in Tensor::all(header) {
            assert!(proof(tensor).holds::<Blake>(header, &trace), "{tensor:?}");
        }
        // Tensors of text have numbers of others.
        for (named, place) in [
            (Tensor::Embedded, Tensor::Latent(0)),
            (Tensor::Chosen, Tensor::Layer(1, Part::Output)),
        ] {
            let wrong = TensorProof {
                tensor: named,
                ..proof(place)
            };
            assert!(!wrong.holds::<Blake>(header, &trace), "{named:?}");
        }
    }
}

/// The numbers of tensors beyond the last are not those of any that there are, but a proof must not depend on that.
#[test]
fn a_tensor_beyond_the_last_step_should_not_be_proven() {
    for shape in picture_shapes() {
        let model = Model::random::<Blake>(shape, 1);
        let replay = model.paint::<Blake>(&[5], 7);
        let header = replay.job().header;
        let roots = replay.tensor_roots::<Blake>();
        let trace = trace_root::<Blake>(&roots);
        let steps = header.picture().unwrap().steps as usize;
        let passes = steps * header.layers as usize;
        let last = TensorProof::new::<Blake>(header, &roots, Tensor::Latent(steps)).unwrap();
        assert!(last.holds::<Blake>(header, &trace));
        for tensor in [
            Tensor::Latent(steps + 1),
            Tensor::StepRows(steps),
            Tensor::StepNorm(steps),
            Tensor::Layer(passes, Part::AttentionNorm),
        ] {
            let beyond = TensorProof {
                tensor,
                ..last.clone()
            };
            assert!(!beyond.holds::<Blake>(header, &trace), "{tensor:?}");
        }
    }
}
