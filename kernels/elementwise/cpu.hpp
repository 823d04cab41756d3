// Elementwise maps on the CPU.
#pragma once
#include "elementwise.hpp"
