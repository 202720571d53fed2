//! The processor stands for GPUs: the kernels compiled for it run behind the same queue, batches and checks.

use super::*;
use crate::{
    conduct::Honest,
    config::ModelSetting,
    inference::{sampler, Finished, Inference},
    memory::Room,
    models::{self, Models},
};
use aipg_client::SamplingParameters;
use aipg_cuda::{
    decoder::{Append, ForwardError, ForwardPass, Limits},
    device::Device,
    driver::Version,
    testing::{models as samples, Fault, Faulty, Host},
};
use indicatif::{MultiProgress, ProgressDrawTarget};
use proptest::prelude::*;
use std::collections::BTreeMap;

const GIBIBYTE: u64 = 1 << 30;

/// More reads or launches than any test makes.
const NEVER: u32 = u32::MAX;

/// Models of these numbers among the samples, as the worker loads them.
fn load(numbers: &[usize]) -> (tempfile::TempDir, Models) {
    let folder = tempfile::tempdir().unwrap();
    let all = samples::models();
    let settings: Vec<ModelSetting> = numbers
        .iter()
        .map(|&number| {
            let path = folder.path().join(format!("{number}.aipg"));
            std::fs::write(&path, samples::file(&all[number])).unwrap();
            ModelSetting::of(path, None)
        })
        .collect();
    let room = Room {
        available: u64::MAX,
        runs: 1,
    };
    let models = models::load(&settings, None, room).unwrap();
    (folder, models)
}

fn opened(number: usize, device: impl Device + 'static) -> Opened {
    Opened {
        number,
        device: Arc::new(device),
        free: 2 * GIBIBYTE,
    }
}

fn faulty(fault: Fault) -> Faulty {
    Faulty::new(Arc::new(Host { order: 0 }), fault, NEVER)
}

/// Jobs on the models in turn, greedy and drawn.
fn tasks(models: &Models, count: u64) -> Vec<Task> {
    (0..count)
        .zip(models.values().cycle())
        .map(|(job, served)| Task {
            job,
            ticket: job,
            model: served.model.clone(),
            prompt: (0..3 + 5 * job as u32).map(|token| token % 40).collect(),
            max_output: 4,
            stop: vec![2],
            seed: job,
            sampling: match job % 2 {
                0 => Sampling::Greedy,
                _ => Sampling::Seeded(SamplingParameters {
                    beta: 40_000,
                    top_k: 0,
                    top_p: 65_536,
                    min_p: None,
                }),
            },
        })
        .collect()
}

/// Runs jobs with these GPUs; every one has to get the processor's answer.
async fn run(devices: &Arc<Devices>, models: &Models, count: u64) {
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
    let (inference, mut results) = Inference::new(2, true, bars, Arc::new(Honest));
    let inference = inference.with_devices(devices.clone());
    let mut expected = BTreeMap::new();
    for task in tasks(models, count) {
        let sampler = sampler(task.seed, task.sampling).unwrap();
        let (prompt, stop) = (&task.prompt, &task.stop);
        let answer = task
            .model
            .generate(prompt, task.max_output, stop, &sampler, &mut |_| ());
        let answer = answer.unwrap();
        expected.insert(task.job, (answer.tokens, answer.digest));
        inference.start(task);
    }
    for _ in 0..count {
        let Finished { job, outcome, .. } = results.recv().await.unwrap();
        let answer = outcome.unwrap();
        let expected = expected.remove(&job).expect("an answer for each job, once");
        assert_eq!((answer.tokens, answer.digest), expected, "job {job}");
        assert_eq!(inference.tokens(job), 0);
    }
}

fn metric(metrics: &Metrics, name: &str, labels: &str) -> u64 {
    let text = metrics.text();
    let line = format!("aipg_worker_device_{name}{{{labels}}} ");
    let value = text.lines().find_map(|it| it.strip_prefix(&line));
    value.map_or(0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn gpus_should_answer_as_the_processor_does_with_several_models() {
    let (_folder, models) = load(&[0, 4]);
    let metrics = Metrics::default();
    let gpus = vec![opened(0, Host { order: 0 }), opened(1, Host { order: 1 })];
    let devices = Arc::new(Devices::serve(gpus, &models, 4, metrics.clone()));
    let roots: Vec<Hash> = models.keys().copied().collect();
    assert_eq!(
        devices.in_service(),
        [(0, roots.clone()), (1, roots)],
        "both models are small enough to be on both"
    );
    run(&devices, &models, 6).await;
    let answered = |device| {
        let labels = format!("device=\"{device}\",outcome=\"answered\"");
        metric(&metrics, "jobs_total", &labels)
    };
    assert_eq!(answered(0) + answered(1), 6);
    assert!(answered(0) > 0 && answered(1) > 0, "both have work");
    assert_eq!(metric(&metrics, "up", "device=\"1\""), 1);
}

#[tokio::test]
async fn gpu_should_be_refused_when_it_computes_one_bit_wrong() {
    let (_folder, models) = load(&[0]);
    for sound in [0, 5] {
        let device = faulty(Fault::Bit);
        device.break_after(sound);
        let metrics = Metrics::default();
        let gpus = vec![opened(3, device)];
        let devices = Devices::serve(gpus, &models, 2, metrics.clone());
        assert_eq!(devices.in_service(), []);
        assert_eq!(metric(&metrics, "up", "device=\"3\""), 0);
        // The processor serves the model.
        run(&Arc::new(devices), &models, 1).await;
    }
}

#[test]
fn check_should_name_what_differs() {
    let (_folder, models) = load(&[0]);
    let served = models.values().next().unwrap();
    let trials = check::trials(&served.model).unwrap();
    let sample = samples::models().swap_remove(0);
    let limits = Limits::of(4, 100);
    let checked = |device: Faulty| {
        let device: Arc<dyn Device> = Arc::new(device);
        let mut pass = samples::decoder(&device, &sample, limits, Default::default());
        check::check(&mut pass, &trials)
    };
    assert_eq!(checked(faulty(Fault::Bit)), Ok(()));
    let flipped = |sound| {
        let device = faulty(Fault::Bit);
        device.break_after(sound);
        checked(device).unwrap_err().to_string()
    };
    // The first read is of hidden states, which the digest covers; the second of a token.
    assert!(flipped(0).starts_with("WrongDigest: trial 0 alone"));
    assert!(flipped(1).starts_with("WrongTokens: trial 0 alone"));
    let broken = faulty(Fault::Launch);
    let device: Arc<dyn Device> = Arc::new(broken.clone());
    let mut pass = samples::decoder(&device, &sample, limits, Default::default());
    broken.break_after(50);
    let error = check::check(&mut pass, &trials).unwrap_err();
    assert!(error.to_string().starts_with("DeviceFailed"), "{error}");
}

#[tokio::test]
async fn gpu_should_be_out_of_service_when_a_job_has_one_bit_wrong() {
    let (_folder, models) = load(&[0]);
    for sound in [0, 1, 3] {
        let device = faulty(Fault::Bit);
        let metrics = Metrics::default();
        let gpus = vec![opened(0, device.clone())];
        let devices = Arc::new(Devices::serve(gpus, &models, 1, metrics.clone()));
        assert_eq!(devices.in_service().len(), 1);
        device.break_after(sound);
        run(&devices, &models, 1).await;
        assert_eq!(devices.in_service(), [], "after {sound} reads");
        let labels = "device=\"0\",outcome=\"returned\"";
        assert_eq!(metric(&metrics, "jobs_total", labels), 1);
        assert_eq!(metric(&metrics, "up", "device=\"0\""), 0);
        run(&devices, &models, 2).await;
    }
}

#[tokio::test]
async fn no_job_should_be_lost_when_a_gpu_fails_in_the_middle_of_a_batch() {
    let (_folder, models) = load(&[0, 1]);
    let device = faulty(Fault::Launch);
    let metrics = Metrics::default();
    let gpus = vec![opened(0, device.clone())];
    let devices = Arc::new(Devices::serve(gpus, &models, 3, metrics.clone()));
    assert_eq!(devices.in_service().len(), 1);
    device.break_after(130);
    run(&devices, &models, 6).await;
    assert_eq!(devices.in_service(), []);
    let labels = "device=\"0\",outcome=\"returned\"";
    assert!(metric(&metrics, "jobs_total", labels) >= 2);
}

/// A forward pass that never comes back from its device.
struct Hanging(aipg_engine::ModelHeader);

impl ForwardPass for Hanging {
    fn header(&self) -> &aipg_engine::ModelHeader {
        &self.0
    }

    fn limits(&self) -> Limits {
        Limits::of(1, 100)
    }

    fn clear(&mut self, _: usize) -> Result<(), ForwardError> {
        Ok(())
    }

    fn append(&mut self, _: &[Append<'_>]) -> Result<Vec<i32>, ForwardError> {
        loop {
            std::thread::park();
        }
    }

    fn logits(&mut self, _: &[usize]) -> Result<Vec<i32>, ForwardError> {
        unreachable!("nothing was appended")
    }

    fn greedy(&mut self, _: &[usize]) -> Result<Vec<u32>, ForwardError> {
        unreachable!("nothing was appended")
    }
}

#[tokio::test]
async fn no_job_should_be_lost_when_a_gpu_hangs() {
    let (_folder, models) = load(&[0]);
    let root = *models.keys().next().unwrap();
    let header = models[&root].model.header().clone();
    let pass: Box<dyn ForwardPass> = Box::new(Hanging(header));
    let serving = Serving {
        device: 0,
        models: BTreeSet::from([root]),
        service: Service::start("hanging", BTreeMap::from([(root.0, pass)])).unwrap(),
    };
    let metrics = Metrics::default();
    let mut devices = Devices::new(vec![serving], metrics.clone());
    devices.patience = Duration::from_millis(200);
    // The first job hangs on the device, the other waits for it.
    let devices = Arc::new(devices);
    run(&devices, &models, 2).await;
    assert_eq!(devices.in_service(), []);
    let reason = devices.serving[0].service.outage().unwrap();
    assert!(reason.starts_with("DeviceHangs"), "{reason}");
    let labels = "device=\"0\",outcome=\"returned\"";
    assert_eq!(metric(&metrics, "jobs_total", labels), 2);
}

#[tokio::test]
async fn model_should_stay_on_the_processor_when_it_fits_no_gpu() {
    let (_folder, models) = load(&[0]);
    let mut small = opened(0, Host { order: 0 });
    small.free = 256 << 20;
    let devices = Devices::serve(vec![small], &models, 1, Metrics::default());
    assert_eq!(devices.in_service(), []);
    run(&Arc::new(devices), &models, 1).await;
}

#[test]
fn model_should_stay_on_the_processor_when_its_file_is_another_by_now() {
    let (folder, models) = load(&[0]);
    let other = samples::file(&samples::models()[1]);
    std::fs::write(folder.path().join("0.aipg"), other).unwrap();
    let gpus = vec![opened(0, Host { order: 0 })];
    let devices = Devices::serve(gpus, &models, 1, Metrics::default());
    assert_eq!(devices.in_service(), []);
}

fn found(ordinal: usize) -> Found {
    let version = Version {
        major: 12,
        minor: 9,
    };
    Found {
        ordinal,
        name: format!("GPU of test {ordinal}"),
        capability: (9, 0),
        memory: 80 * GIBIBYTE,
        free: 79 * GIBIBYTE,
        driver: version,
        compiler: version,
    }
}

#[test]
fn gpus_should_be_those_that_the_settings_name() {
    let all = || Ok((0..3).map(found).collect());
    let numbers = |choice: Choice| -> Vec<usize> {
        let selection = select(&choice, all()).unwrap();
        selection.gpus.iter().map(|gpu| gpu.ordinal).collect()
    };
    assert_eq!(numbers(Choice::Auto), [0, 1, 2]);
    assert!(numbers(Choice::Cpu).is_empty());
    assert_eq!(numbers(Choice::These(vec![2, 0])), [2, 0]);
    let error = select(&Choice::These(vec![0, 3]), all()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("NoSuchDevice: the settings name GPU 3; there are: 0 (GPU of test 0), 1 "),
        "{text}"
    );
}

#[test]
fn settings_should_be_refused_only_when_they_name_a_gpu_that_is_not_there() {
    let none = || Err(Absence::NoDriver);
    let auto = select(&Choice::Auto, none()).unwrap();
    assert_eq!(auto.absence, Some(Absence::NoDriver));
    assert_eq!(auto.gpus, []);
    let error = select(&Choice::These(vec![0]), none()).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("DevicesUnusable: "), "{text}");
    assert!(text.contains("NoCudaDriver"), "{text}");
    assert_eq!(find(&Choice::Cpu), Ok(Selection::default()));
}

#[test]
fn search_should_end_on_every_machine() {
    match find(&Choice::Auto) {
        Ok(Selection {
            absence: Some(absence),
            gpus,
        }) => {
            assert_eq!(gpus, []);
            eprintln!("skipped on GPUs: {absence}");
        }
        Ok(Selection { gpus, .. }) => assert!(!gpus.is_empty()),
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #[test]
    fn choice_should_survive_settings(numbers in prop::collection::btree_set(0usize..99, 1..5)) {
        let choice = Choice::These(numbers.into_iter().collect());
        let json = serde_json::to_string(&choice).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Choice>(&json).unwrap(), &choice);
        let Choice::These(numbers) = &choice else { unreachable!() };
        let list = serde_json::to_string(numbers).unwrap();
        prop_assert_eq!(serde_json::from_str::<Choice>(&list).unwrap(), choice);
    }
}
