
// Runs a kernel over its grid. 0: done; 1: no such kernel; 2: other arguments than it takes; 3: not whole
// warps; 4: threads wait for each other for ever.
extern "C" int host_launch(const char *name, const unsigned *grid, unsigned threads, const void *arguments,
                           size_t bytes, unsigned long long seed) {
    const host::Entry *found = nullptr;
    for (const host::Entry &entry : host::ENTRIES) {
        if (std::strcmp(entry.name, name) == 0) {
            found = &entry;
        }
    }
    if (found == nullptr) {
        return 1;
    }
    if (found->bytes != bytes) {
        return 2;
    }
    if (threads == 0 || threads > 1024 || threads % host::LANES_OF_WARP != 0) {
        return 3;
    }
    while (host::block.fibers.size() < threads) {
        host::block.fibers.push_back(std::make_unique<host::Fiber>());
    }
    host::block.threads = threads;
    host::block.run = found->run;
    host::block.arguments = arguments;
    blockDim = {threads, 1, 1};
    gridDim = {grid[0], grid[1], grid[2]};
    host::Order order{seed};
    for (unsigned index : order.draw(grid[0] * grid[1] * grid[2], seed)) {
        blockIdx = {index % grid[0], index / grid[0] % grid[1], index / grid[0] / grid[1]};
        threadIdx = {0, 0, 0};
        if (!host::run_block(order, seed)) {
            return 4;
        }
    }
    return 0;
}
