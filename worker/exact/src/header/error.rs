//! What can be wrong with a header.

/// Why a header is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The encoding is not [`HEADER_LENGTH`](super::HEADER_LENGTH) bytes long.
    Length,
    /// The semantics version is not [`SEMANTICS_VERSION`](super::SEMANTICS_VERSION).
    SemanticsVersion,
    /// The template is neither [`TEMPLATE_DENSE_DECODER`](super::TEMPLATE_DENSE_DECODER) nor
    /// [`TEMPLATE_PICTURE`](super::TEMPLATE_PICTURE).
    Template,
    /// The model dimension is 0 or not below [`MODEL_DIMENSION_LIMIT`](super::MODEL_DIMENSION_LIMIT).
    ModelDimension,
    /// There are no layers or more than [`MAX_LAYERS`](super::MAX_LAYERS).
    Layers,
    /// There are no heads, or heads × head dimension exceeds [`MAX_INNER_DIMENSION`](super::MAX_INNER_DIMENSION).
    Heads,
    /// The key-value heads do not divide the heads.
    KeyValueHeads,
    /// The head dimension is 0, odd or above [`MAX_HEAD_DIMENSION`](super::MAX_HEAD_DIMENSION).
    HeadDimension,
    /// The feed-forward width is 0 or above [`MAX_INNER_DIMENSION`](super::MAX_INNER_DIMENSION).
    FeedForward,
    /// The vocabulary is empty or above [`MAX_VOCABULARY`](super::MAX_VOCABULARY), or that of a picture
    /// model below [`PICTURE_VOCABULARY`](super::PICTURE_VOCABULARY).
    Vocabulary,
    /// The context is shorter than 2 (a prompt and an answer) or above [`MAX_CONTEXT`](super::MAX_CONTEXT),
    /// that of a picture model above [`MAX_PICTURE_CONTEXT`](super::MAX_PICTURE_CONTEXT).
    MaxContext,
    /// Epsilon is 0 or above [`MAX_EPSILON`](super::MAX_EPSILON).
    Epsilon,
    /// The score scale is 0 or above [`MAX_SCORE_SCALE`](super::MAX_SCORE_SCALE).
    ScoreScale,
    /// A flag is set that has no meaning, or none in the model's template.
    UnknownFlag,
    /// The output matrix is the embedding, which is not rotated, but its input is.
    TiedRotation,
    /// An input with the Hadamard flag is not a multiple of 64 wide.
    HadamardWidth,
    /// A V-scale format is outside [`VALUE_FORMATS`](super::VALUE_FORMATS).
    ValueFormat,
    /// A per-layer entry beyond the last layer is not 0.
    Padding,
    /// The window exceeds the context, has no layer, or a layer has a window of size 0.
    Window,
    /// A picture model has no steps, more than [`MAX_STEPS`](super::MAX_STEPS), or with its layers more than
    /// [`MAX_PASSES`](super::MAX_PASSES).
    Steps,
    /// A side of the picture is 0 or no multiple of the patch's, the picture has more than
    /// [`MAX_PICTURE_VALUES`](super::MAX_PICTURE_VALUES) values, or its patches leave no room for a prompt.
    Picture,
}

impl HeaderError {
    /// The error in words.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Length => "the header has the wrong length",
            Self::SemanticsVersion => "unknown semantics version",
            Self::Template => "unknown template",
            Self::ModelDimension => "the model dimension is out of range",
            Self::Layers => "the number of layers is out of range",
            Self::Heads => "the number of heads is out of range",
            Self::KeyValueHeads => "the key-value heads do not divide the heads",
            Self::HeadDimension => "the head dimension is odd or out of range",
            Self::FeedForward => "the feed-forward width is out of range",
            Self::Vocabulary => "the vocabulary is out of range",
            Self::MaxContext => "the context length is out of range",
            Self::Epsilon => "epsilon is out of range",
            Self::ScoreScale => "the score scale is out of range",
            Self::UnknownFlag => "an unknown flag is set",
            Self::TiedRotation => "the input of a tied output matrix is rotated",
            Self::HadamardWidth => "a rotated input is not a multiple of 64 wide",
            Self::ValueFormat => "a V-scale format is out of range",
            Self::Padding => "an entry beyond the last layer is not zero",
            Self::Window => "the window is out of range or does not fit its layers",
            Self::Steps => "the number of steps is out of range",
            Self::Picture => "the sides of picture and patch do not fit each other or the context",
        }
    }
}

impl core::fmt::Display for HeaderError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(self.message())
    }
}

impl core::error::Error for HeaderError {}
