//! A thread that has the models of a device and runs what waits for it, in batches.
//!
//! A device that fails once does nothing more: what it had is unknown, so all its tasks are given back, to be
//! run elsewhere. Nothing is lost by that, also not if the thread panics: then the tasks' [`Task::answer`] is
//! dropped without a call, and whoever waits for it sees that.

use crate::{
    decoder::{ForwardError, ForwardPass},
    jobs::{Answer, Batch, Job},
};
use aipg_exact::trace::Sampling;
use std::{
    collections::{BTreeMap, VecDeque},
    fmt, io,
    panic::{catch_unwind, AssertUnwindSafe},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{channel, Receiver, Sender, TryRecvError},
        Arc, Mutex, MutexGuard, PoisonError,
    },
    thread,
    time::{Duration, Instant},
};
use thiserror::Error;

/// A model's name: its root.
pub type Root = [u8; 32];

/// A job for a device.
pub struct Task {
    /// The model.
    pub model: Root,
    /// As of [`Job`].
    pub prompt: Vec<u32>,
    /// As of [`Job`].
    pub max_output: usize,
    /// As of [`Job`].
    pub stop: Vec<u32>,
    /// As of [`Job`].
    pub sampling: Option<Sampling>,
    /// Hears after every step how many tokens of the answer there are.
    pub progress: Box<dyn FnMut(usize) + Send>,
    /// Hears how it ended.
    pub answer: Box<dyn FnOnce(Result<Answer, TaskError>) + Send>,
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Task")
            .field("model", &self.model)
            .field("prompt", &self.prompt.len())
            .field("max_output", &self.max_output)
            .finish_non_exhaustive()
    }
}

/// Why a device gives a task back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TaskError {
    /// The job is none for this device, which is well.
    #[error(transparent)]
    Refused(ForwardError),
    /// The model is not on the device.
    #[error("ModelNotOnDevice: the device does not have the model")]
    NoSuchModel,
    /// The device is out of service.
    #[error("DeviceOutOfService: {0}")]
    OutOfService(String),
}

/// What the thread and its owner share.
#[derive(Debug)]
struct State {
    /// Why the device is out of service.
    outage: Mutex<Option<String>>,
    /// Tasks that have not ended.
    open: AtomicUsize,
    /// When the thread last came back from the device, or began.
    alive: Mutex<Instant>,
}

impl State {
    fn new() -> Self {
        Self {
            outage: Mutex::new(None),
            open: AtomicUsize::new(0),
            alive: Mutex::new(Instant::now()),
        }
    }

    fn outage(&self) -> MutexGuard<'_, Option<String>> {
        locked(&self.outage)
    }
}

/// What a lock protects here is whole after every change, also after that of a thread that panicked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts a task as open until it is dropped.
struct Open(Arc<State>);

impl Open {
    fn new(state: &Arc<State>) -> Self {
        state.open.fetch_add(1, Ordering::SeqCst);
        Self(state.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A task on its way.
struct Entry {
    task: Task,
    open: Open,
}

impl Entry {
    fn end(self, outcome: Result<Answer, TaskError>) {
        drop(self.open);
        (self.task.answer)(outcome);
    }
}

/// What the thread hears.
enum Order {
    Run(Box<Entry>),
    /// Look whether the device was taken out of service.
    Look,
}

/// A device at work.
#[derive(Debug)]
pub struct Service {
    orders: Sender<Order>,
    state: Arc<State>,
}

impl Service {
    /// Starts the thread with the models of a device. It ends when this is dropped and nothing is left to do.
    ///
    /// # Errors
    /// If the system starts no thread.
    pub fn start(name: &str, models: BTreeMap<Root, Box<dyn ForwardPass>>) -> io::Result<Self> {
        let (orders, receiver) = channel();
        let state = Arc::new(State::new());
        let mut worker = Worker {
            lanes: models
                .into_iter()
                .map(|(root, pass)| (root, Lane::new(pass)))
                .collect(),
            orders: receiver,
            state: state.clone(),
        };
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || worker.run())?;
        Ok(Self { orders, state })
    }

    /// Has a task run. Its answer may come at once, on this thread: from a device out of service.
    pub fn submit(&self, task: Task) {
        let entry = Entry {
            task,
            open: Open::new(&self.state),
        };
        let outage = self.state.outage().clone();
        if let Some(reason) = outage {
            return entry.end(Err(TaskError::OutOfService(reason)));
        }
        if let Err(unsent) = self.orders.send(Order::Run(Box::new(entry))) {
            if let Order::Run(entry) = unsent.0 {
                let reason = self.state.outage().clone();
                let reason = reason.unwrap_or_else(|| "its thread has ended".into());
                entry.end(Err(TaskError::OutOfService(reason)));
            }
        }
    }

    /// Takes the device out of service for good and has it give back all its tasks. The first reason stays.
    pub fn retire(&self, reason: &str) {
        self.state.outage().get_or_insert_with(|| reason.to_owned());
        // A thread that has ended needs not to look.
        let _ = self.orders.send(Order::Look);
    }

    /// Why the device is out of service; `None`: it is not.
    pub fn outage(&self) -> Option<String> {
        self.state.outage().clone()
    }

    /// How long the thread has not come back from the device, or had nothing to do. Nothing can end a call of a
    /// driver that hangs; whoever waits has to stop waiting.
    pub fn silence(&self) -> Duration {
        locked(&self.state.alive).elapsed()
    }

    /// Tasks that have not ended.
    pub fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }
}

/// One model with what runs on it and what waits for it.
struct Lane {
    pass: Box<dyn ForwardPass>,
    batch: Batch,
    /// By slot.
    running: Vec<Option<Box<Entry>>>,
    waiting: VecDeque<Box<Entry>>,
}

impl Lane {
    fn new(pass: Box<dyn ForwardPass>) -> Self {
        Self {
            batch: Batch::new(&*pass),
            running: (0..pass.limits().slots).map(|_| None).collect(),
            waiting: VecDeque::new(),
            pass,
        }
    }

    fn is_idle(&self) -> bool {
        self.batch.is_empty() && self.waiting.is_empty()
    }

    /// Lets what waits join, as far as there is room.
    fn admit(&mut self) {
        while self.batch.has_room() {
            let Some(entry) = self.waiting.pop_front() else {
                return;
            };
            let task = &entry.task;
            let job = Job {
                prompt: &task.prompt,
                max_output: task.max_output,
                stop: &task.stop,
                sampling: task.sampling,
            };
            match self.batch.join(&mut *self.pass, &job) {
                Ok(slot) => self.running[slot] = Some(entry),
                Err(error) => entry.end(Err(TaskError::Refused(error))),
            }
        }
    }

    fn step(&mut self) -> Result<(), ForwardError> {
        self.admit();
        for progress in self.batch.step(&mut *self.pass)? {
            let place = &mut self.running[progress.slot];
            if let Some(entry) = place {
                (entry.task.progress)(progress.tokens);
            }
            if let Some(answer) = progress.answer {
                if let Some(entry) = place.take() {
                    entry.end(Ok(answer));
                }
            }
        }
        Ok(())
    }

    fn take_all(&mut self) -> impl Iterator<Item = Box<Entry>> + '_ {
        let running = self.running.iter_mut().filter_map(Option::take);
        running.chain(self.waiting.drain(..))
    }
}

/// What the thread owns.
struct Worker {
    lanes: BTreeMap<Root, Lane>,
    orders: Receiver<Order>,
    state: Arc<State>,
}

impl Worker {
    fn run(&mut self) {
        while self.listen() {
            *locked(&self.state.alive) = Instant::now();
            if self.state.outage().is_some() {
                break;
            }
            if let Err(reason) = self.step() {
                self.state.outage().get_or_insert(reason);
                break;
            }
        }
        self.give_back();
    }

    /// Takes the orders that came, and waits for one if there is nothing to do. Returns whether to go on.
    fn listen(&mut self) -> bool {
        if self.lanes.values().all(Lane::is_idle) {
            match self.orders.recv() {
                Ok(order) => self.take(order),
                Err(_) => return false,
            }
        }
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.take(order),
                // Whoever gave orders is gone; what is begun is finished.
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn take(&mut self, order: Order) {
        let Order::Run(entry) = order else {
            return;
        };
        match self.lanes.get_mut(&entry.task.model) {
            Some(lane) => lane.waiting.push_back(entry),
            None => entry.end(Err(TaskError::NoSuchModel)),
        }
    }

    /// One step of every model. What panics on the way to a device is a failure of the device.
    fn step(&mut self) -> Result<(), String> {
        for lane in self.lanes.values_mut() {
            let stepped = catch_unwind(AssertUnwindSafe(|| lane.step()));
            stepped
                .map_err(|panic| format!("Panicked: {}", message(&*panic)))?
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn give_back(&mut self) {
        let reason = self.state.outage().clone().unwrap_or_default();
        let waiting = self.orders.try_iter().filter_map(|order| match order {
            Order::Run(entry) => Some(entry),
            Order::Look => None,
        });
        let entries: Vec<_> = self
            .lanes
            .values_mut()
            .flat_map(Lane::take_all)
            .chain(waiting)
            .collect();
        for entry in entries {
            entry.end(Err(TaskError::OutOfService(reason.clone())));
        }
    }
}

/// What a panic said.
pub fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
