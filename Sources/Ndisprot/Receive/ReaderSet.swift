/// The opens of a binding, and those among them that have to be served.
///
/// An open has to be served if frames of its types arrived since all were last served, or if its
/// read was put off until its message is fuller. Nothing else decides, so no read is left waiting
/// beside its frame.
///
/// - Thread: the binding's thread
struct ReaderSet {
  private(set) var opens: [OpenContext] = []
  /// The types of each open, side by side: of opens for other types, only this word is accessed.
  private var signatures: [EtherTypeSignature] = []
  private var putOff: [OpenContext] = []
  /// The smallest window of the opens.
  private(set) var smallestWindow = Int.max

  /// Adds an open.
  mutating func add(_ open: OpenContext) {
    opens.append(open)
    signatures.append(open.filter.signature)
    smallestWindow = min(smallestWindow, open.cursor?.windowByteCount ?? .max)
  }

  /// Removes an open; false if it was not in the set.
  mutating func remove(_ open: OpenContext) -> Bool {
    guard let index = opens.firstIndex(where: { $0 === open }) else { return false }
    opens.remove(at: index)
    signatures.remove(at: index)
    putOff.removeAll { $0 === open }
    open.isReadPutOff = false
    smallestWindow = opens.reduce(.max) { min($0, $1.cursor?.windowByteCount ?? .max) }
    return true
  }

  /// A read of the open waits for more frames, or for the end of those being received.
  mutating func putOff(_ open: OpenContext) {
    guard !open.isReadPutOff else { return }
    open.isReadPutOff = true
    putOff.append(open)
  }

  /// Returns the opens whose reads were put off, and clears the list.
  mutating func takePutOff() -> [OpenContext] {
    guard !putOff.isEmpty else { return [] }
    let taken = putOff
    putOff.removeAll(keepingCapacity: true)
    for open in taken { open.isReadPutOff = false }
    return taken
  }

  /// Calls `body` with each open for whose types frames arrived.
  @inline(__always)
  func forEach(wanting came: EtherTypeSignature, _ body: (OpenContext) -> Void) {
    for index in signatures.indices where signatures[index].meets(came) { body(opens[index]) }
  }
}
