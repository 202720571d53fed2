//! `aipg-worker check` as a process: an honest result stands, and one changed token, byte or bit of
//! the digest does not.

use aipg_engine::{blob, sampling::Parameters, Model, Sampler};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// First token of a prompt, its end, and the end of an answer.
const START: u32 = 256;
const ANSWER_FOLLOWS: u32 = 257;
const END: u32 = 258;

struct Case {
    folder: tempfile::TempDir,
    output: Vec<u32>,
    digest: [u8; 32],
}

fn demo_model() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../models/demo/model.aipg"
    ))
}

/// A greedy result of the demo model, with its blobs in files.
fn case() -> Case {
    case_of(&Sampler::GREEDY)
}

fn case_of(sampler: &Sampler) -> Case {
    let mut prompt = vec![START];
    prompt.extend("What is 2 + 3?".bytes().map(u32::from));
    prompt.push(ANSWER_FOLLOWS);
    let model = Model::load(&demo_model()).expect("the demo model loads");
    let run = model
        .generate(&prompt, 60, &[END], sampler, &mut |_| ())
        .expect("the demo model answers");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("input"), blob::encode_tokens(&prompt)).expect("writable");
    let case = Case {
        folder,
        output: run.tokens,
        digest: run.digest,
    };
    case.write_output(&blob::encode_tokens(&case.output));
    case
}

impl Case {
    fn write_output(&self, bytes: &[u8]) {
        fs::write(self.folder.path().join("output"), bytes).expect("writable");
    }

    /// Exit code and everything the check said.
    fn check(&self, digest: &[u8; 32]) -> (Option<i32>, String) {
        self.check_with(&demo_model(), &format!("0x{}", hex::encode(digest)), &[])
    }

    fn check_with(&self, model: &Path, digest: &str, more: &[&str]) -> (Option<i32>, String) {
        let result = Command::new(env!("CARGO_BIN_EXE_aipg-worker"))
            .arg("check")
            .args([Path::new("--model"), model])
            .arg("--input")
            .arg(self.folder.path().join("input"))
            .arg("--output")
            .arg(self.folder.path().join("output"))
            .args(["--digest", digest])
            .args(more)
            .output()
            .expect("the program starts");
        let said = [result.stdout, result.stderr].concat();
        (
            result.status.code(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }
}

#[test]
fn check_should_pass_when_the_result_is_honest() {
    let case = case();
    let (code, said) = case.check(&case.digest);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the result stands"), "{said}");
}

#[test]
fn check_should_name_the_token_when_one_is_changed() {
    let case = case();
    for index in [0, case.output.len() / 2, case.output.len() - 1] {
        let mut forged = case.output.clone();
        forged[index] ^= 1;
        case.write_output(&blob::encode_tokens(&forged));
        let (code, said) = case.check(&case.digest);
        assert_eq!(code, Some(1));
        assert!(said.contains("WrongResult: OutputMismatch"), "{said}");
        assert!(said.contains(&format!("output token {index} ")), "{said}");
    }
}

#[test]
fn check_should_fail_when_the_answer_is_cut_short() {
    let case = case();
    case.write_output(&blob::encode_tokens(&case.output[..case.output.len() - 1]));
    let (code, said) = case.check(&case.digest);
    assert_eq!(code, Some(1));
    assert!(said.contains("DigestMismatch"), "{said}");
}

#[test]
fn check_should_fail_when_one_bit_of_the_digest_is_changed() {
    let case = case();
    let mut forged = case.digest;
    forged[31] ^= 1;
    let (code, said) = case.check(&forged);
    assert_eq!(code, Some(1));
    assert!(said.contains("DigestMismatch"), "{said}");
}

#[test]
fn check_should_say_what_is_wrong_when_a_file_is_no_token_list_or_no_model() {
    let case = case();
    let (code, said) = case.check_with(&demo_model(), "0x12", &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("64 hexadecimal digits"), "{said}");
    let (code, said) = case.check_with(&case.folder.path().join("input"), &"0".repeat(64), &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot load"), "{said}");
    case.write_output(&[1, 2, 3]);
    let (code, said) = case.check(&case.digest);
    assert_eq!(code, Some(1));
    assert!(said.contains("NotATokenList"), "{said}");
    fs::remove_file(case.folder.path().join("output")).expect("removable");
    let (code, said) = case.check(&case.digest);
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot read"), "{said}");
}

#[test]
fn check_should_need_the_jobs_sampling_when_tokens_were_drawn() {
    let parameters = Parameters {
        beta: 6_000,
        top_k: 40,
        top_p: 62_259,
        min_p: Some(300_000),
    };
    let case = case_of(&Sampler::seeded(9, parameters).unwrap());
    let digest = format!("0x{}", hex::encode(case.digest));
    let flags = "--seed 9 --beta 6000 --top-k 40 --top-p 62259 --min-p 300000";
    let run = |flags: &str| {
        let flags: Vec<&str> = flags.split_whitespace().collect();
        case.check_with(&demo_model(), &digest, &flags)
    };
    let (code, said) = run(flags);
    assert_eq!(code, Some(0), "{said}");
    for wrong in ["", &flags.replace("--seed 9", "--seed 10")] {
        let (code, said) = run(wrong);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("WrongResult"), "{said}");
    }
    let (code, said) = run(&flags.replace("6000", "0"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("BetaOutOfRange"), "{said}");
}
