#include "model/litmus/herd_model_parts.hpp"

namespace amalgam::model::litmus {

HerdParts HerdParts::without(LitmusMutation mutation) {
  switch (mutation) {
    case LitmusMutation::kReferenceDropTrfe:
      return all().drop(HerdPart::kTtdRf);
    case LitmusMutation::kReferenceDropTlbiOrder:
      return all().drop(HerdPart::kTlbiOb).drop(HerdPart::kTlbiCa);
    case LitmusMutation::kReferenceDropContextOrder:
      return all().drop(HerdPart::kIfbOb);
    case LitmusMutation::kReferenceDropBarriers:
      return all().drop(HerdPart::kDsbOb).drop(HerdPart::kBob);
    case LitmusMutation::kReferenceDropDependencies:
      return all().drop(HerdPart::kDob).drop(HerdPart::kPob).drop(HerdPart::kPickLob);
    case LitmusMutation::kReferenceDropSameLocation:
      return all()
          .drop(HerdPart::kLmws)
          .drop(HerdPart::kExpHazOb)
          .drop(HerdPart::kCoRw1)
          .drop(HerdPart::kCoWw)
          .drop(HerdPart::kCoWr);
    case LitmusMutation::kReferenceDropFaultOrder:
      return all().drop(HerdPart::kTlbUncacheableCa).drop(HerdPart::kEtsOb);
    default:
      return all();
  }
}

}  // namespace amalgam::model::litmus
