/// The opens of a binding, and which of them are to be served.
///
/// To be served is an open of whose types frames came since all were last served, or one whose read
/// was put off until its message is fuller. Nothing else decides, so no read is left with its frame.
///
/// - Thread: the binding's thread
struct ReaderSet {
  private(set) var opens: [OpenContext] = []
  /// What each of them asks for, side by side: of those that want something else nothing but a word
  /// is touched.
  private var signatures: [EtherTypeSignature] = []
  private var putOff: [OpenContext] = []
  /// The smallest window of an open.
  private(set) var smallestWindow = Int.max

  /// Adds an open.
  mutating func add(_ open: OpenContext) {
    opens.append(open)
    signatures.append(open.filter.signature)
    smallestWindow = min(smallestWindow, open.cursor?.windowByteCount ?? .max)
  }

  /// Takes an open out; false if it was not in.
  mutating func remove(_ open: OpenContext) -> Bool {
    guard let index = opens.firstIndex(where: { $0 === open }) else { return false }
    opens.remove(at: index)
    signatures.remove(at: index)
    putOff.removeAll { $0 === open }
    open.isReadPutOff = false
    smallestWindow = opens.reduce(.max) { min($0, $1.cursor?.windowByteCount ?? .max) }
    return true
  }

  /// A read of the open waits for more frames, or for the end of those that are being received.
  mutating func putOff(_ open: OpenContext) {
    guard !open.isReadPutOff else { return }
    open.isReadPutOff = true
    putOff.append(open)
  }

  /// Those whose reads were put off, who are that no more.
  mutating func takePutOff() -> [OpenContext] {
    guard !putOff.isEmpty else { return [] }
    let taken = putOff
    putOff.removeAll(keepingCapacity: true)
    for open in taken { open.isReadPutOff = false }
    return taken
  }

  /// Calls `body` with each open of whose types frames came.
  @inline(__always)
  func forEach(wanting came: EtherTypeSignature, _ body: (OpenContext) -> Void) {
    for index in signatures.indices where signatures[index].meets(came) { body(opens[index]) }
  }
}
