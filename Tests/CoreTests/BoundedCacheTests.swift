import Core
import Testing

@Suite struct BoundedCacheTests {
    @Test func whatIsKeptIsFound() {
        let cache = BoundedCache<String, Int>(limit: 100)
        #expect(cache["a"] == nil)
        cache.keep(1, for: "a", cost: 10)
        cache.keep(2, for: "b", cost: 10)
        #expect(cache["a"] == 1 && cache["b"] == 2)
        cache.keep(3, for: "a", cost: 20)
        #expect(cache["a"] == 3 && cache["b"] == 2)
    }

    @Test func whatIsAskedForStays() {
        let cache = BoundedCache<Int, Int>(limit: 100)
        cache.keep(0, for: 0, cost: 10)
        for key in 1...1000 {
            cache.keep(key, for: key, cost: 10)
            #expect(cache[0] == 0, "\(key)")
        }
        #expect(cache[1] == nil && cache[1000] == 1000)
    }

    @Test(arguments: [1, 7, 50]) func theCostIsBounded(cost: Int) {
        let cache = BoundedCache<Int, Int>(limit: 100)
        for key in 0..<1000 { cache.keep(key, for: key, cost: cost) }
        let kept = (0..<1000).filter { cache[$0] != nil }
        #expect(!kept.isEmpty && kept.count * cost <= 100)
    }

    @Test func whatCostsTooMuchIsNotKept() {
        let cache = BoundedCache<Int, Int>(limit: 100)
        cache.keep(1, for: 1, cost: 10)
        cache.keep(2, for: 2, cost: 51)
        #expect(cache[2] == nil && cache[1] == 1)
    }
}
