//! The thread of a device: queue, batches, and what becomes of tasks when the device fails.

mod common;

use aipg_cuda::{
    decoder::{Append, ForwardError, ForwardPass, Limits},
    device::Device,
    jobs::Answer,
    operations::Tuning,
    service::{Root, Service, Task, TaskError},
    testing::{Fault, Faulty, Host},
};
use aipg_exact::{header::ModelHeader, testing::Model};
use common::{
    models,
    runs::{engine, Run},
};
use std::{
    collections::BTreeMap,
    sync::{
        mpsc::{channel, Receiver, RecvTimeoutError},
        Arc, Mutex,
    },
    time::Duration,
};

const LIMITS: Limits = Limits {
    slots: 2,
    positions: 64,
    rows: 13,
    logit_rows: 2,
    scores: 300,
};

const PATIENCE: Duration = Duration::from_secs(120);

type Outcome = Result<Answer, TaskError>;

/// A task for a model, the number of tokens that it told of, and its end.
fn task(model: Root, run: &Run) -> (Task, Arc<Mutex<Vec<usize>>>, Receiver<Outcome>) {
    let (sender, receiver) = channel();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let task = Task {
        model,
        prompt: run.prompt.clone(),
        max_output: run.max_output,
        stop: run.stop.clone(),
        sampling: run.sampling(),
        progress: Box::new(move |tokens| tell.lock().unwrap().push(tokens)),
        answer: Box::new(move |outcome| sender.send(outcome).unwrap()),
    };
    (task, told, receiver)
}

fn service(device: &Arc<dyn Device>, models: &[Model]) -> Service {
    let passes = models.iter().zip(0u8..).map(|(model, index)| {
        let pass = models::decoder(device, model, LIMITS, Tuning::default());
        ([index; 32], Box::new(pass) as Box<dyn ForwardPass>)
    });
    Service::start("device", passes.collect()).unwrap()
}

fn runs(model: &Model) -> Vec<Run> {
    (0..5)
        .map(|seed| Run::new(model, seed, 1 + 4 * seed as usize, 4))
        .collect()
}

#[test]
fn tasks_should_get_the_engines_answers_when_more_wait_than_fit() {
    let host: Arc<dyn Device> = Arc::new(Host { order: 1 });
    let mut models = models::models();
    models.truncate(2);
    let service = service(&host, &models);
    let mut expected = Vec::new();
    for (index, model) in (0u8..).zip(&models) {
        let engine = engine(model);
        for run in runs(model) {
            let (task, told, receiver) = task([index; 32], &run);
            service.submit(task);
            expected.push((run.answer(&engine), told, receiver));
        }
    }
    for (answer, told, receiver) in expected {
        let tokens = answer.tokens.len();
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok(Ok(answer)));
        let told = told.lock().unwrap();
        assert!(told.is_sorted() && told.last() == Some(&tokens), "{told:?}");
    }
    assert_eq!((service.open(), service.outage()), (0, None));
}

#[test]
fn tasks_should_all_come_back_when_the_device_fails_in_the_middle() {
    let host: Arc<dyn Device> = Arc::new(Host { order: 0 });
    let model = models::models().swap_remove(0);
    let engine = engine(&model);
    let mut given_back = 0;
    // A step takes some 40 launches.
    for sound in [0, 1, 90, 200] {
        let faulty: Arc<dyn Device> = Arc::new(Faulty::new(host.clone(), Fault::Launch, sound));
        let service = service(&faulty, std::slice::from_ref(&model));
        let waiting: Vec<_> = runs(&model)
            .into_iter()
            .map(|run| {
                let (task, _, receiver) = task([0; 32], &run);
                service.submit(task);
                (run.answer(&engine), receiver)
            })
            .collect();
        for (answer, receiver) in waiting {
            match receiver.recv_timeout(PATIENCE).unwrap() {
                Ok(found) => assert_eq!(found, answer),
                Err(TaskError::OutOfService(reason)) => {
                    assert!(reason.starts_with("DeviceFailed"), "{reason}");
                    given_back += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert!(service.outage().is_some(), "after {sound} launches");
        assert_eq!(service.open(), 0);
        let (late, _, receiver) = task([0; 32], &runs(&model)[0]);
        service.submit(late);
        let outcome = receiver.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(outcome, Err(TaskError::OutOfService(_))));
    }
    assert!(given_back >= 10, "{given_back} were given back");
}

#[test]
fn task_should_be_refused_alone_when_it_cannot_run() {
    let host: Arc<dyn Device> = Arc::new(Host { order: 0 });
    let model = models::models().swap_remove(0);
    let service = service(&host, std::slice::from_ref(&model));
    let good = Run::new(&model, 2, 5, 3);
    let long = Run::new(&model, 2, 63, 3);
    let (task_of_good, _, answered) = task([0; 32], &good);
    let (task_of_long, _, refused) = task([0; 32], &long);
    let (stray, _, unknown) = task([9; 32], &good);
    for task in [task_of_long, task_of_good, stray] {
        service.submit(task);
    }
    let refusal = refused.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(
        refusal,
        Err(TaskError::Refused(ForwardError::ContextOverflow {
            positions: 66,
            capacity: 64,
            ..
        }))
    ));
    assert_eq!(
        unknown.recv_timeout(PATIENCE),
        Ok(Err(TaskError::NoSuchModel))
    );
    let answer = good.answer(&engine(&model));
    assert_eq!(answered.recv_timeout(PATIENCE), Ok(Ok(answer)));
    assert_eq!(service.outage(), None);
}

/// A forward pass that does what a closure says when it is asked for rows.
struct Odd<F> {
    header: ModelHeader,
    append: F,
}

impl<F: FnMut() -> Result<Vec<i32>, ForwardError> + Send> ForwardPass for Odd<F> {
    fn header(&self) -> &ModelHeader {
        &self.header
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn clear(&mut self, _: usize) -> Result<(), ForwardError> {
        Ok(())
    }

    fn append(&mut self, _: &[Append<'_>]) -> Result<Vec<i32>, ForwardError> {
        (self.append)()
    }

    fn logits(&mut self, _: &[usize]) -> Result<Vec<i32>, ForwardError> {
        Ok(Vec::new())
    }

    fn greedy(&mut self, _: &[usize]) -> Result<Vec<u32>, ForwardError> {
        Ok(Vec::new())
    }
}

fn odd(append: impl FnMut() -> Result<Vec<i32>, ForwardError> + Send + 'static) -> Service {
    let header = models::models().swap_remove(0).header;
    let pass: Box<dyn ForwardPass> = Box::new(Odd { header, append });
    Service::start("odd", BTreeMap::from([([0; 32], pass)])).unwrap()
}

#[test]
fn task_should_come_back_when_its_device_panics() {
    let model = models::models().swap_remove(0);
    let service = odd(|| panic!("a fault of the driver"));
    let (task, _, receiver) = task([0; 32], &Run::new(&model, 2, 5, 3));
    service.submit(task);
    let reason = "Panicked: a fault of the driver".to_owned();
    assert_eq!(
        receiver.recv_timeout(PATIENCE),
        Ok(Err(TaskError::OutOfService(reason.clone())))
    );
    assert_eq!(service.outage(), Some(reason));
}

#[test]
fn tasks_should_come_back_when_the_device_is_retired_while_they_run() {
    let model = models::models().swap_remove(0);
    let (begun, begins) = channel();
    let (go, goes) = channel::<()>();
    let width = model.header.model_dimension as usize;
    let service = odd(move || {
        begun.send(()).unwrap();
        goes.recv().unwrap();
        // A row of the prompt's part each time: it never ends by itself.
        Ok(vec![0; 6 * width])
    });
    let run = Run::new(&model, 2, 60, 3);
    let (first, _, receiver) = task([0; 32], &run);
    let (second, _, other) = task([0; 32], &run);
    service.submit(first);
    begins.recv_timeout(PATIENCE).unwrap();
    service.submit(second);
    assert_eq!(service.open(), 2);
    service.retire("the self-check differs");
    service.retire("another reason");
    let pause = Duration::from_millis(50);
    assert_eq!(
        other.recv_timeout(pause),
        Err(RecvTimeoutError::Timeout),
        "the step under way is waited for"
    );
    assert!(service.silence() >= pause, "the device does not come back");
    go.send(()).unwrap();
    let given_back = Err(TaskError::OutOfService("the self-check differs".into()));
    assert_eq!(receiver.recv_timeout(PATIENCE), Ok(given_back.clone()));
    assert_eq!(other.recv_timeout(PATIENCE), Ok(given_back));
}
