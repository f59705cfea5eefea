internal import NDIS
internal import NdisprotClient

/// The caller's rights to read, or write, on a binding, from the rules that ENUMERATE listed.
///
/// Of several rules for one EtherType the first counts.
struct OwnRights {
  /// The EtherTypes with that right: at most as many as an open takes; may be empty.
  let etherTypes: EtherTypeSet
  /// The rights that hold for all of them.
  let rights: AccessRights

  init(_ entry: BindingEntry, for right: AccessRights = .read) {
    guard let rows = entry.access else {
      // The daemon does not list rights: leave it to the open.
      (etherTypes, rights) = (EtherTypeSet([EtherTypeSet.anyValue]), [])
      return
    }
    var decided: Set<UInt16> = []
    var usable: [UInt16] = []
    var common = AccessRights.all
    for row in rows {
      let isAny = row.etherTypes.isAny
      if isAny, row.rights.contains(right) {
        // Types that an earlier rule refuses are not part of `any`: an open of `any` would be
        // denied.
        guard usable.count == decided.count else { break }
        etherTypes = EtherTypeSet([EtherTypeSet.anyValue])
        rights = common.intersection(row.rights)
        return
      }
      for type in row.etherTypes.values where decided.insert(type).inserted {
        guard row.rights.contains(right), usable.count < EtherTypeSet.maximumCount else {
          continue
        }
        usable.append(type)
        common.formIntersection(row.rights)
      }
      if isAny { break }
    }
    etherTypes = EtherTypeSet(usable)
    rights = usable.isEmpty ? [] : common
  }

  /// Whether all groups may be received; `join` allows only some.
  var mayHearAllGroups: Bool { rights.contains(.setOID) }
  /// Whether frames that other programs on this host send may be read.
  var mayReadOutgoing: Bool { rights.contains(.allFrames) }
}
