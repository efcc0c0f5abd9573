from benchmarks.family import main

main()
