// Enough of CUDA to run the kernels on a processor: what the tests put before and after the kernels' source.
//
// The threads of a block are fibers that one thread of the system runs in turn, each from one barrier to
// the next. They take turns in an order drawn from a seed, and so do blocks: a kernel that lacks a barrier
// gives other results in another order. A barrier that only some threads reach, or that they reach at
// different lines, is an error, and so is a shuffle that a part of a warp takes part in.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <ucontext.h>
#include <vector>

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(threads)
#define __align__(bytes) alignas(bytes)
#define __shared__ static thread_local
#define TABLE const

struct Place {
    unsigned x, y, z;
};

static thread_local Place threadIdx, blockIdx, blockDim, gridDim;

namespace host {

enum class State { Ready, AtBarrier, AtShuffle, Done };

const size_t STACK_BYTES = 64 << 10;
const unsigned LANES_OF_WARP = 32;

struct Fiber {
    // Where it waits. Jumps cost no call of the system; it is a context only until it first runs.
    void *waits[5];
    bool started = false;
    std::unique_ptr<char[]> stack{new char[STACK_BYTES]};
    State state = State::Done;
    int line = 0;
    // What it gives away in a shuffle, by turns, so that nobody overwrites what is still read.
    unsigned long long given[2] = {};
    unsigned turn = 0;
};

struct Block {
    std::vector<std::unique_ptr<Fiber>> fibers;
    void *scheduler[5];
    unsigned threads = 0;
    unsigned current = 0;
    void (*run)(const void *) = nullptr;
    const void *arguments = nullptr;
};

static thread_local Block block;

struct Order {
    unsigned long long state;

    unsigned below(unsigned limit) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return (unsigned)((state >> 33) % limit);
    }

    // 0 is the order of the numbers, 1 the opposite, everything else a shuffle.
    std::vector<unsigned> draw(unsigned count, unsigned long long seed) {
        std::vector<unsigned> order(count);
        std::iota(order.begin(), order.end(), 0u);
        for (unsigned at = 0; seed == 1 && at < count / 2; at++) {
            std::swap(order[at], order[count - 1 - at]);
        }
        for (unsigned left = count; seed > 1 && left > 1; left--) {
            std::swap(order[left - 1], order[below(left)]);
        }
        return order;
    }
};

static void wait(State state, int line) {
    Fiber &fiber = *block.fibers[block.current];
    fiber.state = state;
    fiber.line = line;
    if (__builtin_setjmp(fiber.waits) == 0) {
        __builtin_longjmp(block.scheduler, 1);
    }
}

// A fiber is one thread of block after block.
static void run_fiber() {
    for (;;) {
        block.run(block.arguments);
        wait(State::Done, 0);
    }
}

// Lets a fiber run until it waits. Nothing of this function changes between its two returns.
__attribute__((noinline)) static void resume(Fiber &fiber) {
    if (__builtin_setjmp(block.scheduler) != 0) {
        return;
    }
    if (fiber.started) {
        __builtin_longjmp(fiber.waits, 1);
    }
    fiber.started = true;
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = fiber.stack.get();
    context.uc_stack.ss_size = STACK_BYTES;
    context.uc_link = nullptr;
    makecontext(&context, run_fiber, 0);
    setcontext(&context);
}

template <class T>
T exchange(T value, int lane_mask, int line) {
    static_assert(sizeof(T) <= 8, "a shuffle takes eight bytes");
    Fiber &fiber = *block.fibers[block.current];
    unsigned turn = fiber.turn++ % 2;
    std::memcpy(&fiber.given[turn], &value, sizeof(T));
    unsigned partner = block.current ^ (unsigned)lane_mask;
    wait(State::AtShuffle, line);
    T result;
    std::memcpy(&result, &block.fibers[partner]->given[turn], sizeof(T));
    return result;
}

// Lets the fibers from..to go on if all of them wait for the same thing.
static bool release(unsigned from, unsigned to, State state) {
    for (unsigned index = from; index < to; index++) {
        const Fiber &fiber = *block.fibers[index];
        if (fiber.state != state || fiber.line != block.fibers[from]->line) {
            return false;
        }
    }
    for (unsigned index = from; index < to; index++) {
        block.fibers[index]->state = State::Ready;
    }
    return true;
}

// Runs the threads of a warp, from `first` on, as far as they come without the other warps: what a warp
// that runs ahead destroys of another's work shows.
static void run_warp(unsigned first, const std::vector<unsigned> &lanes) {
    do {
        for (unsigned lane : lanes) {
            Fiber &fiber = *block.fibers[first + lane];
            if (fiber.state == State::Ready) {
                block.current = first + lane;
                threadIdx.x = first + lane;
                resume(fiber);
            }
        }
    } while (release(first, first + LANES_OF_WARP, State::AtShuffle));
}

// Runs a block to its end; false if its threads wait for each other for ever.
static bool run_block(Order &order, unsigned long long seed) {
    for (unsigned index = 0; index < block.threads; index++) {
        block.fibers[index]->state = State::Ready;
        block.fibers[index]->turn = 0;
    }
    const std::vector<unsigned> warps = order.draw(block.threads / LANES_OF_WARP, seed);
    const std::vector<unsigned> lanes = order.draw(LANES_OF_WARP, seed);
    for (;;) {
        for (unsigned warp : warps) {
            run_warp(warp * LANES_OF_WARP, lanes);
        }
        bool done = true;
        for (unsigned index = 0; index < block.threads; index++) {
            done = done && block.fibers[index]->state == State::Done;
        }
        if (done || !release(0, block.threads, State::AtBarrier)) {
            return done;
        }
    }
}

template <class Arguments, void (*kernel)(Arguments)>
void call(const void *arguments) {
    kernel(*static_cast<const Arguments *>(arguments));
}

// The type of a kernel's arguments.
template <class Arguments>
Arguments arguments_of(void (*)(Arguments));

struct Entry {
    const char *name;
    void (*run)(const void *);
    size_t bytes;
};

} // namespace host

#define __syncthreads() host::wait(host::State::AtBarrier, __LINE__)
#define __shfl_xor_sync(mask, value, lane_mask) host::exchange(value, lane_mask, __LINE__)

static inline int __clzll(long long x) {
    return x == 0 ? 64 : __builtin_clzll((unsigned long long)x);
}

static inline int __dp4a(int a, int b, int sum) {
    for (int byte = 0; byte < 4; byte++) {
        sum += (int)(signed char)((unsigned)a >> (8 * byte)) * (int)(signed char)((unsigned)b >> (8 * byte));
    }
    return sum;
}

static inline int atomicMax(int *slot, int value) {
    int before = *slot;
    *slot = before < value ? value : before;
    return before;
}

static inline unsigned long long atomicAdd(unsigned long long *slot, unsigned long long value) {
    unsigned long long before = *slot;
    *slot = before + value;
    return before;
}
