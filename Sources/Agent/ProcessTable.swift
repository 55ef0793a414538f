import Glibc

/// What `/proc` says. Made for a single-threaded supervisor too: nothing here needs Foundation.
enum ProcessTable {
    static func all() -> [pid_t] {
        numbers(in: "/proc")
    }

    /// Every process that `ancestor`, or one of these, is the parent of.
    static func descendants(of ancestor: pid_t) -> Set<pid_t> {
        let children = childFinder()
        var found: Set<pid_t> = []
        var open = [ancestor]
        while let next = open.popLast() {
            for child in children(next) where found.insert(child).inserted { open.append(child) }
        }
        return found
    }

    /// Kernels built with CONFIG_PROC_CHILDREN list a thread's children. With others the whole table has to be read,
    /// which is too slow for processes that live for milliseconds.
    private static func childFinder() -> (pid_t) -> [pid_t] {
        if access("/proc/self/task/\(getpid())/children", R_OK) == 0 { return listedChildren }
        var children: [pid_t: [pid_t]] = [:]
        for process in all() { parent(of: process).map { children[$0, default: []].append(process) } }
        return { children[$0] ?? [] }
    }

    private static func listedChildren(of process: pid_t) -> [pid_t] {
        numbers(in: "/proc/\(process)/task").flatMap { thread in
            contents(of: "/proc/\(process)/task/\(thread)/children").split(separator: UInt8(ascii: " "))
                .compactMap { pid_t(String(decoding: $0, as: UTF8.self)) }
        }
    }

    private static func numbers(in path: String) -> [pid_t] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var numbers: [pid_t] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = pid_t(name) { numbers.append(number) }
        }
        return numbers
    }

    /// Empty when it cannot be read.
    static func contents(of path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while case let count = read(file, &buffer, buffer.count), count > 0 {
            contents.append(contentsOf: buffer.prefix(count))
        }
        return contents
    }

    /// The fourth field of `stat`, the second being a name in brackets that may hold anything (proc(5)).
    private static func parent(of process: pid_t) -> pid_t? {
        let text = contents(of: "/proc/\(process)/stat")
        guard let bracket = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[(bracket + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > 1 ? pid_t(String(decoding: fields[1], as: UTF8.self)) : nil
    }
}
