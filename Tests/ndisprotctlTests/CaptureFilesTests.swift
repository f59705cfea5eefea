import CaptureFile
import Glibc
import Platform
import Testing

@testable import ndisprotctl

/// Where the frames of a capture go: into files that are full, and pipes that are.
@Suite("the files of a capture")
struct CaptureFilesTests {
  private static let frame = [UInt8](repeating: 7, count: 100)

  /// A folder of its own, which goes with its files.
  private static func withFolder(_ body: (String) throws -> Void) throws {
    var path = Array("/tmp/ndisprot-capture.XXXXXX".utf8CString)
    guard mkdtemp(&path) != nil else { throw SystemError(failed: "mkdtemp") }
    let folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      for name in names(folder) { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
    try body(folder)
  }

  private static func names(_ folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  private static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : -1
  }

  private static func sink(
    _ path: String, _ format: CaptureFormat, _ rotation: CaptureRotation = CaptureRotation()
  ) -> CaptureSink {
    var head = CaptureWriter(format)
    head.appendHead([CaptureInterface(name: "np0")], program: "p", system: "s")
    return CaptureSink(CaptureFiles(path, rotation, head: head.copy), frameLimit: 0)
  }

  private static func frames(_ count: Int, _ format: CaptureFormat) -> CaptureWriter {
    var writer = CaptureWriter(format)
    for number in 0..<count {
      writer.append(
        CaptureFrame(timestamp: UInt64(number), originalLength: 100), frame.span.bytes)
    }
    return writer
  }

  @Test(
    "frames that come all at once are divided among files of the size that was asked for",
    arguments: CaptureFormat.allCases, [1, 1_000, 5_000])
  func rotation(format: CaptureFormat, limit: Int) throws {
    try Self.withFolder { folder in
      let sink = Self.sink(
        "\(folder)/a.cap", format, CaptureRotation(byteLimit: UInt64(limit)))
      try sink.open { false }
      var writer = Self.frames(200, format)
      let written = sink.write(&writer, frames: 200) { CaptureWriter(format) }
      #expect(written.frames == 200 && written.isOpen)
      sink.close(CaptureWriter(format))
      let names = Self.names(folder)
      var count = 0
      for name in names {
        let path = "\(folder)/\(name)"
        // One frame at most stands behind the limit, in a file that holds more than its head.
        #expect(Self.size(path) < limit + 400, "\(name)")
        let input = try CaptureInput(path)
        var reader = input.reader
        while try reader.next() != nil { count += 1 }
      }
      #expect(count == 200 && names.count > 200 * 100 / (limit + 400))
    }
  }

  @Test("a pipe whose reader stopped is waited for, and given up when the capture is to end")
  func stoppedReader() throws {
    try Self.withFolder { folder in
      let path = "\(folder)/pipe"
      #expect(mkfifo(path, 0o600) == 0)
      let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      defer { close(reader) }
      let sink = Self.sink(path, .pcapng)
      try sink.open { true }
      var writer = Self.frames(2_000, .pcapng)
      let written = sink.write(&writer, frames: 2_000) { CaptureWriter(.pcapng) }
      #expect(written.frames > 100 && written.frames < 2_000 && !written.isOpen)
      #expect(sink.unwritten == 2_000 - written.frames)
      #expect(sink.progress.error?.errno == EAGAIN)
      sink.close(Self.frames(1, .pcapng))
    }
  }

  @Test("a named pipe that no program reads does not keep a capture from ending")
  func noReader() throws {
    try Self.withFolder { folder in
      let path = "\(folder)/pipe"
      #expect(mkfifo(path, 0o600) == 0)
      #expect(throws: SystemError(errno: EINTR, call: "open")) {
        try Self.sink(path, .pcap).open { true }
      }
    }
  }
}
