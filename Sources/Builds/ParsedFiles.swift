import Core
import Pipeline

/// What files say that were read lately, each read and checked once: most pushes change other files than `.drone.yml`.
final class ParsedFiles: Sendable {
    /// Bytes of the files themselves; what they say takes some times that.
    private let cache = BoundedCache<[UInt8], Result<Configuration, ConfigurationError>>(limit: 4 << 20)

    /// As `Configuration.init(yaml:)`.
    func configuration(_ yaml: [UInt8]) throws(ConfigurationError) -> Configuration {
        if let known = cache[yaml] { return try known.get() }
        let result: Result<Configuration, ConfigurationError>
        do throws(ConfigurationError) {
            result = .success(try Configuration(yaml: yaml))
        } catch {
            result = .failure(error)
        }
        cache.keep(result, for: yaml, cost: yaml.count + 256)
        return try result.get()
    }
}
