# cmake -DLOCK=... -DDIRECTORY=... -P packages.cmake: the packages of LOCK into DIRECTORY.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/../../cmake/NpmPackages.cmake)

npm_packages(${LOCK} ${DIRECTORY} problem)
if(problem)
  message(FATAL_ERROR "${problem}")
endif()
