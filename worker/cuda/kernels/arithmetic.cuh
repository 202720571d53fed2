// Rounding, shifting and saturation: aipg_exact::arithmetic and ::quantise, one element at a time.
//
// Nothing here is a float, and nothing is left to the compiler: signed sums stay within 64 bits by the
// bounds in the specification, and shifts to the left are made on magnitudes.

typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

#define LANES 32
#define ALL_LANES 0xffffffffu

static_assert(sizeof(i32) == 4 && sizeof(i64) == 8, "the widths of the semantics");

const i64 LARGEST_I64 = 0x7fffffffffffffffLL;
const i64 LARGEST_I32 = 0x7fffffff;
const i32 LARGEST_GAIN = 1 << 22;

template <class T>
__device__ __forceinline__ T smaller(T a, T b) {
    return a < b ? a : b;
}

template <class T>
__device__ __forceinline__ T larger(T a, T b) {
    return a > b ? a : b;
}

template <class T>
__device__ __forceinline__ T limit(T x, T low, T high) {
    return larger(low, smaller(x, high));
}

// Bits needed to write x; 0 of 0.
__device__ __forceinline__ i32 bit_length(u64 x) {
    return x == 0 ? 0 : 64 - __clzll((i64)x);
}

__device__ __forceinline__ u64 magnitude(i64 x) {
    return x < 0 ? 0 - (u64)x : (u64)x;
}

// |x|, at most 2^63 - 1.
__device__ __forceinline__ u64 capped_magnitude(i64 x) {
    return smaller(magnitude(x), (u64)LARGEST_I64);
}

__device__ __forceinline__ i64 shift_left(i64 x, u32 shift) {
    u64 size = magnitude(x);
    if (size == 0) {
        return 0;
    }
    i64 shifted = shift < (u32)__clzll((i64)size) ? (i64)(size << shift) : LARGEST_I64;
    return x < 0 ? -shifted : shifted;
}

// Half toward +infinity; above 62 counts as 62; 0 and less shifts to the left and saturates.
__device__ __forceinline__ i64 rsh(i64 x, i32 shift) {
    if (shift > 0) {
        shift = smaller(shift, 62);
        return (x >> shift) + ((x >> (shift - 1)) & 1);
    }
    return shift_left(x, 0u - (u32)shift);
}

__device__ __forceinline__ i32 saturate(i64 x) {
    return (i32)limit(x, -LARGEST_I32, LARGEST_I32);
}

// Floor of a / b, b > 0.
__device__ __forceinline__ i64 floor_divide(i64 a, i64 b) {
    i64 quotient = a / b;
    return quotient - (a % b < 0 ? 1 : 0);
}

// Floor of the square root, a bit at a time.
__device__ __forceinline__ u64 square_root(u64 x) {
    u64 root = 0;
    for (u64 bit = 1ULL << 62; bit != 0; bit >>= 2) {
        if (x >= root + bit) {
            x -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return root;
}

// Entry x >> 8 of a table of 257 and the rounded share of the way to the next; 0 <= x < 2^16.
__device__ __forceinline__ i64 interpolate(const i32 *table, i64 x) {
    i64 from = table[x >> 8];
    i64 to = table[(x >> 8) + 1];
    return from + rsh((to - from) * (x & 255), 8);
}

// 127, or 16,256, stands for mantissa * 2^exponent.
struct Scale {
    u32 mantissa;
    i32 exponent;
};

__device__ __forceinline__ Scale scale_of_amplitude(u64 value, i32 exponent) {
    i32 shift = bit_length(value) - 16;
    i64 capped = (i64)smaller(value, (u64)LARGEST_I64);
    Scale scale;
    scale.mantissa = (u32)limit(rsh(capped, shift), (i64)0, (i64)65535);
    scale.exponent = exponent + shift;
    return scale;
}

// The common scale of a row and the reciprocal that brings its elements to +-127 or +-16,256.
struct Quantiser {
    i32 exponent;
    i64 amplitude;
    i64 reciprocal;
    i64 most;
};

__device__ __forceinline__ Quantiser quantiser_of_peak(u64 peak, bool wide) {
    Quantiser quantiser;
    quantiser.most = wide ? 127 << 7 : 127;
    quantiser.exponent = larger(bit_length(peak) - 24, 0);
    quantiser.amplitude = larger(rsh((i64)peak, quantiser.exponent), (i64)1);
    quantiser.reciprocal = (quantiser.most << 32) / quantiser.amplitude;
    return quantiser;
}

// |v| <= amplitude, so |v * reciprocal| <= 16,256 * 2^32: 46 bits.
__device__ __forceinline__ i64 quantise(const Quantiser &quantiser, i64 u) {
    i64 v = rsh(larger(u, -LARGEST_I64), quantiser.exponent);
    v = limit(v, -quantiser.amplitude, quantiser.amplitude);
    i64 q = (v * quantiser.reciprocal + (1LL << 31)) >> 32;
    return limit(q, -quantiser.most, quantiser.most);
}

// Sixteen bytes that are read at once.
struct __align__(16) Sixteen {
    i32 words[4];
};

__device__ __forceinline__ Sixteen read_sixteen(const i8 *from) {
    return *(const Sixteen *)from;
}

__device__ __forceinline__ i32 add_products(i32 sum, const Sixteen &a, const Sixteen &b) {
#pragma unroll
    for (i32 word = 0; word < 4; word++) {
        sum = __dp4a(a.words[word], b.words[word], sum);
    }
    return sum;
}
