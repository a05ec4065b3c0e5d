"""What vests in full, and how an end of employment counts, in words with their citation."""

from open401k.law.vesting_years import FullyVestedBy
from open401k.recordkeeping import CountedAs, EndingKind

BY_WORDS = {
    FullyVestedBy.NORMAL_RETIREMENT_AGE: "normal retirement age in service (IRC 411(a)(8))",
    FullyVestedBy.PLAN_TERMINATION: "the plan was terminated (IRC 411(d)(3))",
    FullyVestedBy.PARTIAL_TERMINATION: "left in the period of a partial termination (IRC 411(d)(3); Rev. Rul. 2007-43)",
    FullyVestedBy.CONTRIBUTIONS_DISCONTINUED: "contributions were discontinued (Reg. 1.411(d)-2(a)(1)(ii))",
    FullyVestedBy.DEATH: "left by death, which vests by the terms of the plan",
    FullyVestedBy.DISABILITY: "left by disability, which vests by the terms of the plan",
    FullyVestedBy.EARLY_RETIREMENT_AGE: "early retirement age in service, which vests by the terms of the plan",
}
COUNTED_WORDS = {
    CountedAs.EMPLOYER_INITIATED: "counts: nobody said that it was anything but the employer's doing",
    CountedAs.DEATH: "does not count: by death",
    CountedAs.DISABILITY: "does not count: by disability",
    CountedAs.RETIREMENT: "does not count: at or after normal retirement age",
    CountedAs.VOLUNTARY: "does not count: told to be voluntary, and the employer has to be able to show it",
    CountedAs.REHIRED: "does not count: hired again by the end of the period",
}
ENDING_WORDS = {
    EndingKind.PLAN_TERMINATION: "the plan was terminated",
    EndingKind.PARTIAL_TERMINATION: "a partial termination",
    EndingKind.NO_PARTIAL_TERMINATION: "no partial termination",
    EndingKind.CONTRIBUTIONS_DISCONTINUED: "contributions were discontinued completely",
}
