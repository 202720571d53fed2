//! GGUF files, made from checkpoints.
#![allow(dead_code)]

/// A value of the metadata.
#[derive(Clone)]
pub enum Value {
    U32(u32),
    I32(i32),
    U64(u64),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    Integers(Vec<i32>),
    Floats(Vec<f32>),
    /// A kind and the bytes behind it.
    Raw(u32, Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// A tensor: rows first in its shape, type and bytes.
#[derive(Clone)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub kind: u32,
    pub bytes: Vec<u8>,
}

/// A GGUF file that is being made.
#[derive(Clone)]
pub struct File {
    pub magic: [u8; 4],
    pub version: u32,
    pub metadata: Vec<(String, Value)>,
    pub tensors: Vec<(String, Tensor)>,
    /// Added to the offset of each tensor that the file tells.
    pub shift: u64,
}

const ALIGNMENT: usize = 32;

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn array(bytes: &mut Vec<u8>, kind: u32, length: usize) {
    bytes.extend(9u32.to_le_bytes());
    bytes.extend(kind.to_le_bytes());
    bytes.extend((length as u64).to_le_bytes());
}

impl Value {
    fn write(&self, bytes: &mut Vec<u8>) {
        let mut number = |kind: u32, value: &[u8]| {
            bytes.extend(kind.to_le_bytes());
            bytes.extend(value);
        };
        match self {
            Self::U32(value) => number(4, &value.to_le_bytes()),
            Self::I32(value) => number(5, &value.to_le_bytes()),
            Self::F32(value) => number(6, &value.to_le_bytes()),
            Self::Bool(value) => number(7, &[u8::from(*value)]),
            Self::U64(value) => number(10, &value.to_le_bytes()),
            Self::Raw(kind, value) => number(*kind, value),
            Self::Text(value) => {
                number(8, &[]);
                text(bytes, value);
            }
            Self::Texts(values) => {
                array(bytes, 8, values.len());
                values.iter().for_each(|value| text(bytes, value));
            }
            Self::Integers(values) => {
                array(bytes, 5, values.len());
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
            Self::Floats(values) => {
                array(bytes, 6, values.len());
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
        }
    }
}

impl File {
    pub fn new(architecture: &str) -> Self {
        Self {
            magic: *b"GGUF",
            version: 3,
            metadata: vec![("general.architecture".into(), architecture.into())],
            tensors: Vec::new(),
            shift: 0,
        }
    }

    /// Sets a value; one that is there is replaced.
    pub fn set(&mut self, key: &str, value: Value) {
        self.metadata.retain(|(other, _)| other != key);
        self.metadata.push((key.into(), value));
    }

    pub fn float_tensor(&mut self, name: &str, shape: &[usize], elements: &[f32]) {
        let tensor = Tensor {
            shape: shape.to_vec(),
            kind: 0,
            bytes: elements.iter().flat_map(|x| x.to_le_bytes()).collect(),
        };
        self.tensors.push((name.into(), tensor));
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.magic.to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.metadata.len() as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            text(&mut bytes, key);
            value.write(&mut bytes);
        }
        let mut data: Vec<u8> = Vec::new();
        for (name, tensor) in &self.tensors {
            text(&mut bytes, name);
            bytes.extend((tensor.shape.len() as u32).to_le_bytes());
            for width in tensor.shape.iter().rev() {
                bytes.extend((*width as u64).to_le_bytes());
            }
            bytes.extend(tensor.kind.to_le_bytes());
            bytes.extend((data.len() as u64 + self.shift).to_le_bytes());
            data.extend(&tensor.bytes);
            data.resize(data.len().next_multiple_of(ALIGNMENT), 0);
        }
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        bytes.extend(data);
        bytes
    }
}
