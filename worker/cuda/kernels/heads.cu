// Query, key and value heads: norm, rotation by position, quantisation, place in the cache.

const i32 WIDEST_HEAD = 256;

struct HeadsArguments {
    const i32 *input;     // [rows, heads, width], Q12
    const i32 *gains;     // [width], Q12; null: heads are not normalised
    const i16 *rotary;    // [positions, 2, width / 2]; null: heads are not rotated
    const u32 *slots;     // [rows]: which sequence's cache
    const u32 *positions; // [rows]
    i8 *output;           // [rows, heads, stride], or the cache [slots, heads, capacity, stride]
    Scale *scales;        // [rows, heads], or [slots, heads, capacity]; null of values
    u16 *value_scales;    // [slots, heads, capacity] of values; else null
    i64 width;            // even, at most 256
    i64 stride;           // zeros beyond the width
    i64 capacity;         // positions of a sequence in the cache; 0: no cache
    i64 epsilon;
    i64 value_format; // f_v
};

// sv = min(65535, rsh(m, 12 - f_v - e))
__device__ __forceinline__ u16 value_scale(Scale scale, i64 value_format) {
    i32 shift = 12 - (i32)value_format - scale.exponent;
    return (u16)limit(rsh((i64)scale.mantissa, shift), (i64)0, (i64)65535);
}

// One block takes one head of a row. Grid: heads, rows.
extern "C" __global__ void place_heads(HeadsArguments arguments) {
    __shared__ i32 head[WIDEST_HEAD];
    i32 width = (i32)arguments.width;
    i64 row = blockIdx.y;
    u32 position = arguments.positions[row];
    const i32 *input = arguments.input + (row * gridDim.x + blockIdx.x) * width;
    for (i32 column = threadIdx.x; column < width; column += blockDim.x) {
        head[column] = input[column];
    }
    if (arguments.gains != 0) {
        // Each thread reads the columns that it wrote.
        RootMeanSquare norm = root_mean_square(
            width, (u64)arguments.epsilon >> 8, [=](i64 column) { return head[column]; });
        i64 root = (i64)norm.root;
        for (i32 column = threadIdx.x; column < width; column += blockDim.x) {
            i64 product = head[column] * limit_gain(arguments.gains[column]);
            // 54 bits, and 56 of the numerator.
            i64 numerator = rsh(product, norm.exponent - 7);
            head[column] = saturate(floor_divide(2 * numerator + root, 2 * root));
        }
    }
    __syncthreads();
    if (arguments.rotary != 0) {
        i32 half = width / 2;
        const i16 *table = arguments.rotary + (i64)position * width;
        for (i32 pair = threadIdx.x; pair < half; pair += blockDim.x) {
            i64 x = head[pair];
            i64 y = head[pair + half];
            i64 cosine = table[pair];
            i64 sine = table[pair + half];
            head[pair] = saturate(rsh(x * cosine - y * sine, 15));
            head[pair + half] = saturate(rsh(x * sine + y * cosine, 15));
        }
        __syncthreads();
    }
    u64 peak = 0;
    for (i32 column = threadIdx.x; column < width; column += blockDim.x) {
        peak = larger(peak, magnitude((i64)head[column]));
    }
    Quantiser quantiser = quantiser_of_peak(reduce_block(peak, Largest()), false);
    i64 place = row * gridDim.x + blockIdx.x;
    if (arguments.capacity != 0) {
        i64 heads = (i64)arguments.slots[row] * gridDim.x + blockIdx.x;
        place = heads * arguments.capacity + position;
    }
    i8 *output = arguments.output + place * arguments.stride;
    for (i32 column = threadIdx.x; column < arguments.stride; column += blockDim.x) {
        output[column] = column < width ? (i8)quantise(quantiser, head[column]) : 0;
    }
    if (threadIdx.x == 0) {
        Scale scale = scale_of_amplitude((u64)quantiser.amplitude, quantiser.exponent);
        if (arguments.value_scales != 0) {
            arguments.value_scales[place] = value_scale(scale, arguments.value_format);
        } else {
            arguments.scales[place] = scale;
        }
    }
}
