/// The registered descriptors, by slot; slots are reused, generations are not.
struct RegistrationTable {
  struct Slot {
    var generation: UInt32 = 0
    var descriptor: Int32 = -1
    var interest: Interest = []
    /// Whether it is in the epoll set: not while its interest is empty, or epoll refuses it.
    var isWatched = false
    var handler: (any EventHandler)?
  }

  private var slots: [Slot] = []
  private var freeSlots: [UInt32] = []

  /// The registration that `insert` would create next.
  var next: Registration {
    let slot = freeSlots.last ?? UInt32(truncatingIfNeeded: slots.count)
    let index = Int(slot)
    return Registration(
      slot: slot, generation: index < slots.count ? slots[index].generation : 0)
  }

  mutating func insert(_ descriptor: Int32, _ interest: Interest, _ handler: any EventHandler) {
    let registration = next
    if freeSlots.popLast() == nil { slots.append(Slot()) }
    slots[Int(registration.slot)] = Slot(
      generation: registration.generation, descriptor: descriptor, interest: interest,
      isWatched: !interest.isEmpty, handler: handler)
  }

  mutating func remove(_ registration: Registration) {
    let index = Int(registration.slot)
    slots[index] = Slot(generation: registration.generation &+ 1)
    freeSlots.append(registration.slot)
  }

  /// The slot of a live registration; nil for a removed one.
  subscript(registration: Registration) -> Slot? {
    get {
      let index = Int(registration.slot)
      guard index < slots.count, slots[index].generation == registration.generation,
        slots[index].handler != nil
      else { return nil }
      return slots[index]
    }
    set {
      guard let newValue else { return }
      slots[Int(registration.slot)] = newValue
    }
  }

  /// Registrations that should be watched and are not.
  var unwatched: [Registration] {
    slots.indices.compactMap { index in
      let slot = slots[index]
      guard slot.handler != nil, !slot.isWatched, !slot.interest.isEmpty else { return nil }
      return Registration(
        slot: UInt32(truncatingIfNeeded: index), generation: slot.generation)
    }
  }
}
