// The four classes of the published ECG images, in the order of their labels: MI 0, History_MI 1, Abnormal 2, Normal 3.
//
// The folders are those of the data set of Khan and Hussain (2021); what follows each is a count.
#pragma once

#include <array>

#include "qrs/data/image_folder.hpp"

namespace qrs::ecg_images {

inline constexpr std::array<data::KnownClass, 4> classes = {
    {{"MI", "ECG Images of Myocardial Infarction Patients"},
     {"History_MI", "ECG Images of Patient that have History of MI"},
     {"Abnormal", "ECG Images of Patient that have abnormal heartbeat"},
     {"Normal", "Normal Person ECG Images"}}};

}  // namespace qrs::ecg_images
